// The pages work without this: it adds dropping files, how far an upload is, and a progress that moves.
"use strict";

const form = document.querySelector(".upload-form");
if (form) {
  const zone = form.querySelector(".drop"), input = form.querySelector("input[type=file]");
  const list = form.querySelector(".chosen"), told = form.querySelector(".upload"), button = form.querySelector("button");
  const most = Number(zone.dataset.max);
  const size = () => [...input.files].reduce((sum, file) => sum + file.size, 0);
  const show = () => {
    const files = [...input.files], names = files.slice(0, 12).map(file => file.name);
    if (files.length > 12) names.push(`and ${files.length - 12} more`);
    list.replaceChildren(...names.map(name => Object.assign(document.createElement("li"), { textContent: name })));
    told.textContent = size() > most ? `These files are larger than ${zone.dataset.most} in all.` : "";
  };
  input.addEventListener("change", show);
  for (const name of ["dragover", "dragenter"]) zone.addEventListener(name, event => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", event => {
    event.preventDefault();
    zone.classList.remove("over");
    const all = new DataTransfer();
    for (const file of [...(input.multiple ? input.files : []), ...event.dataTransfer.files]) all.items.add(file);
    if (!input.multiple) while (all.items.length > 1) all.items.remove(0);
    input.files = all.files;
    show();
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    if (size() > most) return;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", part => { told.textContent = `Uploading: ${Math.floor(100 * part.loaded / part.total)} %`; });
    const failed = why => { told.textContent = why; button.disabled = false; };
    request.addEventListener("load", () => {
      if (request.status < 400) return location.assign(request.responseURL);
      let why = "It was refused.";
      if (/^text\/plain/.test(request.getResponseHeader("Content-Type") || "")) why = request.responseText.trim();
      else try { why = JSON.parse(request.responseText).error; } catch { /* some other page answered */ }
      failed(why);
    });
    request.addEventListener("error", () => failed("The upload was broken off. Is the program still running?"));
    button.disabled = true;
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json, text/html");
    request.send(new FormData(form));
  });
}

const job = document.getElementById("job");
if (job) {
  const line = document.getElementById("line"), bar = document.getElementById("bar");
  const look = async () => {
    try {
      const answer = await fetch(job.dataset.state, { headers: { Accept: "application/json" } });
      if (!answer.ok) return location.reload();
      const now = await answer.json();
      if (!["waiting", "working"].includes(now.status) || now.step !== job.dataset.step) return location.reload();
      if (line.textContent !== now.line) line.textContent = now.line;
      if (now.total) { bar.max = now.total; bar.value = now.done; } else bar.removeAttribute("value");
    } catch {
      line.textContent = "The program does not answer. Is it still running?";
    }
    setTimeout(look, 700);
  };
  setTimeout(look, 400);
}
