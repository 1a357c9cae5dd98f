// The chat room: what anybody says comes to every page, the server's answer too.
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
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

/** 128 random bits; crypto.randomUUID is missing on pages without TLS. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
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
    const message = { userId: String(data.get("who")), content: String(data.get("what")), messageId: randomId() };
    try {
      await client.say(message).catch((error) => {
        if (![Code.Unavailable, Code.Unknown].includes(ConnectError.from(error).code)) throw error;
        // Only the answer may have been lost. The room adds a message with the same id once.
        return client.say(message);
      });
      problem.textContent = "";
      if (what instanceof HTMLInputElement) what.value = "";
    } catch (error) {
      problem.textContent = ConnectError.from(error).rawMessage;
    }
  });

  // The number of the message after the last one shown, where a stream that is opened again begins.
  let next = 0n;
  void follow(
    (signal) =>
      client.listen(
        { next },
        { signal, onHeader: (headers) => { if (next === 0n) next = BigInt(headers.get("chat-next") ?? 0); } },
      ),
    (message) => {
      next = message.number + 1n;
      if (message.lost > 0) messages.append(gap(message.lost));
      messages.append(line(message));
      while (messages.childElementCount > mostShown) messages.firstElementChild?.remove();
      messages.scrollTop = messages.scrollHeight;
    },
    true,
  );
}
