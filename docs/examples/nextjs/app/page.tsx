import { auth, signIn } from "../auth";

/** Shows who is signed in; sends everybody else to Sigma. */
export default async function Page() {
  const session = await auth();
  if (!session?.user) {
    const start = async () => {
      "use server";
      await signIn("sigma");
    };
    return (
      <form action={start}>
        <button>Sign in</button>
      </form>
    );
  }
  const { id, name, roles } = session.user as { id: string; name: string; roles: string[] };
  return (
    <p>
      {name} is signed in as {id}, {roles.join(" and ")}
    </p>
  );
}
