## Letting a device in

login-title-device = Sign in to connect a device
device-enter-title = Connect a device
device-enter-lede = Enter the code that your TV, terminal or other device shows.
device-code = Code
device-code-hint = Eight letters and digits. Upper or lower case does not matter.
device-continue = Continue
device-unknown = This code is not valid. Check what the device shows; after 15 minutes it needs a new one.
device-only-yours = Only continue if you started this yourself on a device in front of you. Nobody else should ask you for a code.
device-approve-title = Connect { $app }?
device-approve-heading = Sign in to { $app } on a device?
device-compare = Check that the device shows this code:
device-from = Requested from
device-place = { $device }, { $address }
device-elsewhere = The request came from another network than the one you are on. If somebody sent you this code or link, deny it.
device-approved-title = Device connected
device-approved = { $app } continues on your device in a moment. You can close this window.
device-denied-title = Device not connected
device-denied = { $app } got no access to your account. You can close this window.
device-apps = Apps with access
