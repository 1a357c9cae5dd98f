// The chat room: what anybody says comes to every page, the server's answer too.
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { type ChatMessage, ChatRoom } from "#generated/chat/v1/chat_pb";
import { element, follow } from "./connection";

const mostShown = 200;

function line(message: ChatMessage): HTMLLIElement {
  const who = document.createElement("b");
  who.textContent = message.userId === "" ? "somebody" : message.userId;
  const shown = document.createElement("li");
  shown.append(who, message.content);
  return shown;
}

/** Stands where messages were lost, because the page read too slowly. */
function gap(lost: bigint): HTMLLIElement {
  const shown = document.createElement("li");
  shown.textContent = `${lost} messages lost`;
  return shown;
}

export function showChat(transport: Transport): void {
  const client = createClient(ChatRoom, transport);
  const messages = element("messages", HTMLOListElement);
  const problem = element("chat-problem", HTMLElement);
  const form = element("say", HTMLFormElement);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const what = form.elements.namedItem("what");
    try {
      await client.say({ userId: String(data.get("who")), content: String(data.get("what")) });
      problem.textContent = "";
      if (what instanceof HTMLInputElement) what.value = "";
    } catch (error) {
      problem.textContent = ConnectError.from(error).rawMessage;
    }
  });

  void follow(
    (signal) => client.listen({}, { signal }),
    (message) => {
      if (message.lost > 0) messages.append(gap(message.lost));
      messages.append(line(message));
      while (messages.childElementCount > mostShown) messages.firstElementChild?.remove();
      messages.scrollTop = messages.scrollHeight;
    },
    true,
  );
}
