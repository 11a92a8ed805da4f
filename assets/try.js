// The console on the pages of the endpoints: puts a request together, sends it to this server and
// shows what is answered. The key stays in this tab, and leaves it in the request's header only.
"use strict";

{
  const STORE = "pivotal-api-key";
  // An answer with more letters has too many pieces for a page to stay quick with them.
  const MOST_COLOURED = 200_000;
  const form = document.querySelector(".try form");
  const find = (name) => form.querySelector(`[data-${name}]`);
  const { method, path } = form.dataset;
  const [key, body, status, answer] = ["key", "body", "status", "answer"].map(find);

  // Where the browser keeps nothing for pages, the key is typed again on each of them.
  const remembered = () => {
    try {
      return sessionStorage.getItem(STORE) ?? "";
    } catch {
      return "";
    }
  };
  const remember = (value) => {
    try {
      if (value) sessionStorage.setItem(STORE, value);
      else sessionStorage.removeItem(STORE);
    } catch {
      // It is in the field.
    }
  };

  /** What was typed into the fields of a place, by name; what is empty is not sent. */
  const typed = (place) =>
    [...form.querySelectorAll(`[data-in=${place}]`)]
      .map(({ name, value }) => [name, value.trim()])
      .filter(([, value]) => value);

  /** Why no address can have this in it, or nothing. */
  const objection = (value) => {
    if (!value) return "Fill in this field.";
    // A browser takes them for steps between directories, however they are written.
    return /^\.\.?$/.test(value) ? "No address can be made with this." : "";
  };
  const check = () => {
    for (const field of form.querySelectorAll("[data-in=path]")) {
      field.setCustomValidity(objection(field.value.trim()));
    }
  };

  /** The request as it stands in the form, without the key. */
  const request = () => {
    let target = path;
    for (const [name, value] of typed("path")) {
      target = target.replace(`{${name}}`, encodeURIComponent(value));
    }
    const query = new URLSearchParams(typed("query")).toString();
    const headers = typed("header");
    if (body) headers.push(["Content-Type", "application/json"]);
    return { target: query ? `${target}?${query}` : target, headers, content: body?.value };
  };

  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  /** The line for a shell that sends the same. */
  const curl = ({ target, headers, content }) => {
    const usual = content === undefined ? "GET" : "POST";
    const verb = method === usual ? "" : ` -X ${method}`;
    const parts = [`curl -sS --fail-with-body${verb} ${quote(location.origin + target)}`];
    if (key) parts.push('-H "Authorization: Bearer $PIVOTAL_API_KEY"');
    for (const [name, value] of headers) parts.push(`-H ${quote(`${name}: ${value}`)}`);
    // What -d is given is the name of a file where it begins with an @.
    if (content !== undefined) parts.push(`--data-raw ${quote(content)}`);
    return parts.join(" \\\n  ");
  };

  /** Shows what would be sent. A body that is no JSON is sent too: the answer tells of it. */
  const preview = () => {
    check();
    const wanted = request();
    find("target").textContent = wanted.target;
    find("curl").textContent = curl(wanted);
    if (!body) return;
    let mistake = "";
    try {
      JSON.parse(body.value);
    } catch (error) {
      mistake = `This is not JSON: ${error.message}`;
    }
    body.setAttribute("aria-invalid", String(mistake !== ""));
    const hint = find("mistake");
    if (hint.textContent !== mistake) hint.textContent = mistake;
  };

  // JSON is laid out without being read: a number stays as the server wrote it.
  const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

  /** The pieces of a JSON text on lines of their own, each with what it is. */
  const laidOut = (text) => {
    const tokens = text.match(TOKEN) ?? [];
    const pieces = [];
    let depth = 0;
    const put = (token, kind = "") => pieces.push([token, kind]);
    const newLine = () => put(`\n${"  ".repeat(depth)}`);
    tokens.forEach((token, at) => {
      const [before, next] = [tokens[at - 1], tokens[at + 1]];
      if (token === "}" || token === "]") {
        depth -= 1;
        if (before !== "{" && before !== "[") newLine();
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
    const made = document.createElement(name);
    made.textContent = text;
    if (kind) made.className = `try-${kind}`;
    return made;
  };

  const showContent = (text, isJson) => {
    const pieces = isJson ? laidOut(text) : [[text, ""]];
    const content = document.createDocumentFragment();
    if (text.length > MOST_COLOURED) {
      content.append(pieces.map(([piece]) => piece).join(""));
    } else {
      for (const [piece, kind] of pieces) {
        content.append(kind ? element("span", piece, kind) : piece);
      }
    }
    find("content").replaceChildren(content);
  };

  const showFault = (name, error) => {
    status.replaceChildren(element("strong", name, "bad"), `: ${error.message}`);
  };

  const show = (response, text, took) => {
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const name = `${response.status} ${response.statusText}`.trim();
    status.replaceChildren(
      element("strong", name, response.ok ? "good" : "bad"),
      ` after ${took} ms`,
    );
    find("headers").replaceChildren(
      ...[...response.headers].flatMap(([header, value]) => [
        element("dt", header),
        element("dd", value),
      ]),
    );
    showContent(text, isJson);
    answer.hidden = false;
  };

  /** Sends the request of the form, and shows what came of it. */
  const exchange = async () => {
    const { target, headers, content } = request();
    if (key) headers.push(["Authorization", `Bearer ${key.value.trim()}`]);
    // Nothing that the browser knows of this server goes along, and nothing is kept by it.
    const options = { credentials: "omit", cache: "no-store", redirect: "error" };
    let wanted;
    try {
      wanted = new Request(target, { method, headers, body: content, ...options });
    } catch (error) {
      // Such as a header with a letter that no header can have.
      showFault("Not sent", error);
      return;
    }
    const started = performance.now();
    let response;
    try {
      response = await fetch(wanted);
    } catch (error) {
      showFault("No answer", error);
      return;
    }
    let text;
    try {
      text = await response.text();
    } catch (error) {
      showFault(`${response.status}, but the answer broke off`, error);
      return;
    }
    show(response, text, Math.round(performance.now() - started));
  };

  let isBusy = false;
  const send = async () => {
    if (isBusy) return;
    isBusy = true;
    const button = form.querySelector(".try-primary");
    button.setAttribute("aria-disabled", "true");
    status.textContent = "Sending…";
    answer.hidden = true;
    try {
      await exchange();
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
  key?.addEventListener("input", () => remember(key.value.trim()));
  find("forget")?.addEventListener("click", () => {
    key.value = "";
    remember("");
    key.focus();
  });
  find("copy-curl").addEventListener("click", async ({ target }) => {
    const line = find("curl");
    try {
      await navigator.clipboard.writeText(line.textContent);
      target.textContent = "Copied";
      setTimeout(() => { target.textContent = "Copy"; }, 2000);
    } catch {
      getSelection().selectAllChildren(line);
    }
  });
  // A page that the browser kept may be shown again after the key was changed or forgotten.
  addEventListener("pageshow", () => {
    if (key) key.value = remembered();
    preview();
  });
  // Where the style cannot hide the key, the kind of the field does.
  if (key && !CSS.supports("-webkit-text-security", "disc")) key.type = "password";
  form.hidden = false;
}
