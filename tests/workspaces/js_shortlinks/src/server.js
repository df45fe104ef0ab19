import { createServer } from "node:http";
import { Store } from "./store.js";

const store = new Store();
const port = Number(process.env.PORT ?? 3000);

createServer((request, response) => {
  const link = request.method === "GET" && store.get(request.url.slice(1));
  response.writeHead(link ? 302 : 404, link ? { location: link } : {}).end();
}).listen(port);
