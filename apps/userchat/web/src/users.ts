// Users: listed, and listed again while the page is seen, so that those added elsewhere appear; added; streamed in.
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { type User, UserService } from "#generated/user/v1/user_pb";
import { element } from "./connection";

const refreshEvery = 2000;

function row(user: User): HTMLTableRowElement {
  const line = document.createElement("tr");
  for (const text of [user.id.toString(), user.name, user.email]) line.insertCell().textContent = text;
  return line;
}

export function showUsers(transport: Transport): void {
  const client = createClient(UserService, transport);
  const rows = element("user-rows", HTMLTableSectionElement);
  const problem = element("user-problem", HTMLElement);
  const form = element("new-user", HTMLFormElement);
  const streamButton = element("stream", HTMLButtonElement);
  let streaming = false;

  const refresh = async () => {
    if (streaming || document.hidden) return;
    try {
      const users: User[] = [];
      let pageToken = "";
      do {
        const page = await client.listUsers({ pageToken });
        users.push(...page.users);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      if (!streaming) rows.replaceChildren(...users.map(row));
    } catch {
      // The badge says that the server is away.
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    try {
      await client.createUser({ name: String(data.get("name")), email: String(data.get("email")) });
      problem.textContent = "";
      form.reset();
      await refresh();
    } catch (error) {
      problem.textContent = ConnectError.from(error).rawMessage;
    }
  });

  streamButton.addEventListener("click", async () => {
    streaming = true;
    streamButton.disabled = true;
    rows.replaceChildren();
    try {
      for await (const user of client.listUsersStream({})) rows.append(row(user));
      problem.textContent = "";
    } catch (error) {
      problem.textContent = ConnectError.from(error).rawMessage;
    }
    streaming = false;
    streamButton.disabled = false;
  });

  void refresh();
  setInterval(refresh, refreshEvery);
  document.addEventListener("visibilitychange", refresh);
}
