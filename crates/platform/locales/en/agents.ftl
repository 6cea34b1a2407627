### Who acts for a user: agents, and people who act as them.

agents-title = Acting for you
agents-explained = An agent is an app of yours that acts for you, such as an assistant or a script. It may do what you allow here and nothing else, and every token that it gets names it. When you stop it, its tokens stop working at once.
agents-new = New agent
agents-name = Name
agents-may = What it may do
agents-create = Create agent
agents-made = The agent was created
agents-made-explained = Copy the secret now. It is not shown again.
agents-client-id = Client ID
agents-secret = Client secret
agents-user-id = Your user ID
agents-until = until
agents-stop = Stop
agents-stopped = The agent was stopped.
agents-acting = { $actor } acts as you
agents-acting-at = In { $app }, with what you let this app do. Nothing about your account or your sign-in can be changed this way.
agents-end = End now
agents-ended = It was ended. What was obtained in your name no longer works.
agents-unknown = There is no such agent, or it has ended already.
agents-bad-name = Enter a name of at most 60 characters.
agents-too-many = You have as many agents as you may have. Stop one of them first.
agents-over = Its access has ended.
agents-remove = Remove
agents-old = To create an agent, sign in again: your last sign-in was some time ago, or less secure than your account allows.
agents-acting-now = Somebody acts as you at the moment.
agents-acting-look = See who, and end it
