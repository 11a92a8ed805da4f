// The console on endpoint pages: builds a request, sends it to this server, and shows the response.
// The key stays in this tab and leaves it only in the request's header.
"use strict";

{
  const STORAGE_KEY = "pivotal-api-key";
  // In characters. Coloring a longer response would create too many elements.
  const MAX_COLORED_LENGTH = 200_000;
  const form = document.querySelector(".try form");
  const find = (name) => form.querySelector(`[data-${name}]`);
  const { method, path } = form.dataset;
  const [key, body, status, responseBox] = ["key", "body", "status", "response"].map(find);

  // If the browser blocks storage, the key has to be entered on each page.
  const loadKey = () => {
    try {
      return sessionStorage.getItem(STORAGE_KEY) ?? "";
    } catch {
      return "";
    }
  };
  const storeKey = (value) => {
    try {
      if (value) sessionStorage.setItem(STORAGE_KEY, value);
      else sessionStorage.removeItem(STORAGE_KEY);
    } catch {
      // The key is still in the field.
    }
  };

  /** The names and values of the parameters in `path`, `query`, or `header`, without empty ones. */
  const parameters = (location) =>
    [...form.querySelectorAll(`[data-in=${location}]`)]
      .map(({ name, value }) => [name, value.trim()])
      .filter(([, value]) => value);

  /** Why a path parameter is invalid, or an empty string. */
  const pathProblem = (value) => {
    if (!value) return "Enter a value.";
    // Browsers resolve `.` and `..` in URLs, even percent-encoded.
    return /^\.\.?$/.test(value) ? "A URL can’t contain this value." : "";
  };
  const validatePath = () => {
    for (const field of form.querySelectorAll("[data-in=path]")) {
      field.setCustomValidity(pathProblem(field.value.trim()));
    }
  };

  /** The request that the form describes, without the key. */
  const formRequest = () => {
    let target = path;
    for (const [name, value] of parameters("path")) {
      target = target.replace(`{${name}}`, encodeURIComponent(value));
    }
    const query = new URLSearchParams(parameters("query")).toString();
    const headers = parameters("header");
    if (body) headers.push(["Content-Type", "application/json"]);
    return { target: query ? `${target}?${query}` : target, headers, content: body?.value };
  };

  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  /** The curl command for a request. */
  const curl = ({ target, headers, content }) => {
    const implied = content === undefined ? "GET" : "POST";
    const verb = method === implied ? "" : ` -X ${method}`;
    const parts = [`curl -sS --fail-with-body${verb} ${quote(location.origin + target)}`];
    if (key) parts.push('-H "Authorization: Bearer $PIVOTAL_API_KEY"');
    for (const [name, value] of headers) parts.push(`-H ${quote(`${name}: ${value}`)}`);
    // Not -d, which reads a file if the value begins with an @.
    if (content !== undefined) parts.push(`--data-raw ${quote(content)}`);
    return parts.join(" \\\n  ");
  };

  /** Shows what will be sent. A body that isn’t JSON can be sent too, to see the error. */
  const preview = () => {
    validatePath();
    const request = formRequest();
    find("target").textContent = request.target;
    find("curl").textContent = curl(request);
    if (!body) return;
    let problem = "";
    try {
      JSON.parse(body.value);
    } catch (error) {
      problem = `Invalid JSON: ${error.message}`;
    }
    body.setAttribute("aria-invalid", String(problem !== ""));
    const hint = find("body-problem");
    if (hint.textContent !== problem) hint.textContent = problem;
  };

  // JSON is formatted token by token, not parsed, so that numbers stay as the server wrote them.
  const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

  /** Formats JSON. Returns pieces of text, each with its kind for coloring. */
  const formatJson = (text) => {
    const tokens = text.match(TOKEN) ?? [];
    const pieces = [];
    let depth = 0;
    const put = (token, kind = "") => pieces.push([token, kind]);
    const newLine = () => put(`\n${"  ".repeat(depth)}`);
    tokens.forEach((token, index) => {
      const [previous, next] = [tokens[index - 1], tokens[index + 1]];
      if (token === "}" || token === "]") {
        depth -= 1;
        if (previous !== "{" && previous !== "[") newLine();
        put(token);
      } else if (token === "{" || token === "[") {
        depth += 1;
        put(token);
        if (next !== "}" && next !== "]") newLine();
      } else if (token === ",") {
        put(token);
        newLine();
      } else if (token === ":") {
        put(": ");
      } else if (token.startsWith('"')) {
        put(token, next === ":" ? "name" : "string");
      } else {
        put(token, "word");
      }
    });
    return pieces;
  };

  const element = (name, text, kind) => {
    const node = document.createElement(name);
    node.textContent = text;
    if (kind) node.className = `try-${kind}`;
    return node;
  };

  const showContent = (text, isJson) => {
    const pieces = isJson ? formatJson(text) : [[text, ""]];
    const content = document.createDocumentFragment();
    if (text.length > MAX_COLORED_LENGTH) {
      content.append(pieces.map(([piece]) => piece).join(""));
    } else {
      for (const [piece, kind] of pieces) {
        content.append(kind ? element("span", piece, kind) : piece);
      }
    }
    find("content").replaceChildren(content);
  };

  const showFailure = (name, error) => {
    status.replaceChildren(element("strong", name, "bad"), `: ${error.message}`);
  };

  const showResponse = (response, text, milliseconds) => {
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const name = `${response.status} ${response.statusText}`.trim();
    status.replaceChildren(
      element("strong", name, response.ok ? "good" : "bad"),
      ` after ${milliseconds} ms`,
    );
    find("headers").replaceChildren(
      ...[...response.headers].flatMap(([header, value]) => [
        element("dt", header),
        element("dd", value),
      ]),
    );
    showContent(text, isJson);
    responseBox.hidden = false;
  };

  /** Sends the request and shows the response or the failure. */
  const sendRequest = async () => {
    const { target, headers, content } = formRequest();
    if (key) headers.push(["Authorization", `Bearer ${key.value.trim()}`]);
    // No cookies are sent, and nothing is cached.
    const options = { credentials: "omit", cache: "no-store", redirect: "error" };
    let request;
    try {
      request = new Request(target, { method, headers, body: content, ...options });
    } catch (error) {
      // For example, a header value with an invalid character.
      showFailure("Not sent", error);
      return;
    }
    const started = performance.now();
    let response;
    try {
      response = await fetch(request);
    } catch (error) {
      showFailure("No response", error);
      return;
    }
    let text;
    try {
      text = await response.text();
    } catch (error) {
      showFailure(`${response.status}, but the response was cut off`, error);
      return;
    }
    showResponse(response, text, Math.round(performance.now() - started));
  };

  let isBusy = false;
  const send = async () => {
    if (isBusy) return;
    isBusy = true;
    const button = form.querySelector(".try-primary");
    button.setAttribute("aria-disabled", "true");
    status.textContent = "Sending…";
    responseBox.hidden = true;
    try {
      await sendRequest();
    } finally {
      button.removeAttribute("aria-disabled");
      isBusy = false;
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener("input", preview);
  body?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  key?.addEventListener("input", () => storeKey(key.value.trim()));
  find("forget")?.addEventListener("click", () => {
    key.value = "";
    storeKey("");
    key.focus();
  });
  find("copy-curl").addEventListener("click", async ({ target }) => {
    const command = find("curl");
    try {
      await navigator.clipboard.writeText(command.textContent);
      target.textContent = "Copied";
      setTimeout(() => { target.textContent = "Copy"; }, 2000);
    } catch {
      getSelection().selectAllChildren(command);
    }
  });
  // The browser may restore this page from its cache after the key has changed on another.
  addEventListener("pageshow", () => {
    if (key) key.value = loadKey();
    preview();
  });
  // The field’s style hides the key. If the browser doesn’t support that, use a password field.
  if (key && !CSS.supports("-webkit-text-security", "disc")) key.type = "password";
  form.hidden = false;
}
