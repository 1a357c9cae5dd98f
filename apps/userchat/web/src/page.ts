// The page: users, chat and the server's figures, each a part of its own on one transport.
import { createConnectTransport } from "@connectrpc/connect-web";
import { showChat } from "./chat";
import { showFigures } from "./figures";
import { showUsers } from "./users";

const transport = createConnectTransport({ baseUrl: location.origin, useHttpGet: true });
showUsers(transport);
showChat(transport);
showFigures(transport);
