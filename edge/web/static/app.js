"use strict";
// The page works without this; with it, it shows a preview, how far a picture is, and what the camera sees.

document.documentElement.classList.add("scripted");

const find = (id) => document.getElementById(id);
const POLL_MS = 400;
const ARRIVES = "ecg-edge-result";
const ZOOMS = ["", "zoom-2", "zoom-3", "zoom-4"];

function say(words) {
  const place = document.querySelector("#progress-words");
  if (place && place.textContent !== words) place.textContent = words;
}

function mark(stage) {
  const stages = [...document.querySelectorAll("#progress-stages li")];
  const now = stages.findIndex((item) => item.dataset.stage === stage);
  if (now < 0) return;
  stages.forEach((item, number) => {
    item.classList.toggle("done", number < now);
    item.classList.toggle("now", number === now);
  });
}

function complain(form, sentence) {
  find("progress").hidden = true;
  const alert = find("alert");
  alert.textContent = sentence;
  alert.hidden = false;
  form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = false; });
}

// Sending: the form as it is, with an id under which its progress can be asked for.

function send(form, files = [], done = 0) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const progressId = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const which = files.length > 1 ? ` ${done + 1} of ${files.length}` : "";
  const request = new XMLHttpRequest();
  let timer = null;
  form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; });
  find("alert").hidden = true;
  find("progress").hidden = false;
  mark("send");
  say(`Sending the picture${which}`);
  request.open("POST", `${form.action}?ticket=${progressId}`);
  request.setRequestHeader("Accept", "application/json");
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) say(`Sending the picture${which}: ${Math.round(100 * event.loaded / event.total)} %`);
  };
  const ask = async () => {
    try {
      const state = await (await fetch(`/progress/${progressId}`)).json();
      if (state.state === "waiting") { mark("wait"); say(`Waiting: ${state.before} before this one`); }
      if (state.state === "reading" && state.stage) { mark(state.stage); say(which ? `${state.words}:${which}` : state.words); }
    } catch { /* the answer itself says what is wrong */ }
    if (timer !== null) timer = setTimeout(ask, POLL_MS);
  };
  request.upload.onload = () => { timer = setTimeout(ask, 100); };
  request.onloadend = () => {
    clearTimeout(timer);
    timer = null;
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* no JSON: see below */ }
    if (request.status === 200 && answer.location) {
      if (done + 1 < files.length) { send(form, files, done + 1); return; }
      sessionStorage.setItem(ARRIVES, "1");
      window.location.assign(files.length > 1 ? "/history" : answer.location);
    } else if (request.status === 401) window.location.assign("/login");
    else complain(form, `${which ? `${files[done].name}: ` : ""}${answer.detail || "The server did not answer: is it still running? Try again."}`);
  };
  const fields = new FormData(form);
  if (files.length) { fields.delete("picture"); fields.append("picture", files[done], files[done].name); }
  request.send(form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields));
}

function setUpUpload(form) {
  const picture = find("picture"), photo = find("photo"), drop = find("drop");
  const problem = (files) => {
    if (!files.length) return "Choose a picture first.";
    if (files.length > Number(form.dataset.mostFiles)) return `Choose at most ${form.dataset.mostFiles} files at once.`;
    const large = files.find((file) => file.size > Number(form.dataset.mostBytes));
    return large && `The picture is too large: use one of at most ${form.dataset.mostBytes / 1048576} MB.`;
  };
  const show = (files, other) => {
    const file = files[0];
    if (other && files.length) other.value = "";
    find("alert").hidden = true;
    find("chosen").textContent = [...files].map((each) => `${each.name}, ${(each.size / 1048576).toFixed(1)} MB`).join("; ");
    const preview = find("preview");
    if (preview.src) URL.revokeObjectURL(preview.src);
    preview.hidden = true;
    if (!file) return;
    const wrong = problem([...files]);
    if (wrong) complain(form, wrong);
    preview.onload = () => { preview.hidden = false; };
    preview.src = URL.createObjectURL(file);
  };
  picture.addEventListener("change", () => show(picture.files, photo));
  photo.addEventListener("change", () => show(photo.files, picture));
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    picture.files = event.dataTransfer.files;
    show(picture.files, photo);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const files = picture.files.length ? [...picture.files] : [...photo.files];
    const wrong = problem(files);
    if (wrong) complain(form, wrong);
    else send(form, files);
  });
}

function setUpSections() {
  const button = find("open-all");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") !== "true";
    document.querySelectorAll("#sections > details").forEach((section) => { section.open = open; });
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Close all" : "Open all";
  });
  const wanted = window.location.hash && find(window.location.hash.slice(1));
  if (wanted && wanted.tagName === "DETAILS") wanted.open = true;
}

// Who has just waited for a result is taken to it: it has the focus, and on a phone it is at the top.
function goToResult(heading) {
  if (sessionStorage.getItem(ARRIVES) === null) return;
  sessionStorage.removeItem(ARRIVES);
  heading.focus({ preventScroll: true });
  // Wide pages show the result without scrolling.
  if (window.matchMedia("(max-width: 46rem), (max-height: 30rem)").matches) heading.closest("section").scrollIntoView();
}

function setUpZoom(viewer) {
  const closer = find("zoom-in"), farther = find("zoom-out");
  let level = 0;
  const zoom = (step) => () => {
    const middle = (viewer.scrollLeft + viewer.clientWidth / 2) / viewer.scrollWidth;
    level = Math.min(Math.max(level + step, 0), ZOOMS.length - 1);
    viewer.className = `viewer ${ZOOMS[level]}`;
    viewer.scrollLeft = middle * viewer.scrollWidth - viewer.clientWidth / 2;
    closer.disabled = level === ZOOMS.length - 1;
    farther.disabled = level === 0;
    // What scrolls can be scrolled by keys.
    if (level) { viewer.tabIndex = 0; viewer.setAttribute("role", "region"); viewer.setAttribute("aria-label", "Enlarged picture"); }
    else { viewer.removeAttribute("tabindex"); viewer.removeAttribute("role"); viewer.removeAttribute("aria-label"); }
  };
  closer.addEventListener("click", zoom(1));
  farther.addEventListener("click", zoom(-1));
}

function setUpCamera(live) {
  const aim = find("aim");
  let shown = null;
  const look = async () => {
    try {
      const answer = await fetch("/camera/look");
      if (answer.ok) {
        const address = URL.createObjectURL(await answer.blob());
        live.src = address;
        if (shown) URL.revokeObjectURL(shown);
        shown = address;
        const hint = answer.headers.get("Ecg-Edge-Hint");
        const words = hint.charAt(0).toUpperCase() + hint.slice(1);
        if (aim.textContent !== words) aim.textContent = words;
        aim.classList.toggle("found", answer.headers.get("Ecg-Edge-Found") === "true");
      } else {
        aim.textContent = (await answer.json()).detail;
      }
    } catch {
      aim.textContent = "The server does not answer.";
    }
    setTimeout(look, document.hidden ? 2000 : 300);
  };
  look();
}

// Values' names are links to where they were measured; with a script it shows as soon as one is pointed at or has the focus.
document.querySelectorAll('#measured a[href^="#on-"]').forEach((link) => {
  const group = find(link.hash.slice(1));
  const show = (shown) => () => group.classList.toggle("shown", shown);
  for (const [name, shown] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) link.addEventListener(name, show(shown));
});

// Times are in UTC in the page, and as the person's own clock has them where there is a script.
document.querySelectorAll("time").forEach((time) => {
  const date = new Date(time.dateTime);
  if (!Number.isNaN(date.getTime())) time.textContent = date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
});

const upload = find("upload");
if (upload) setUpUpload(upload);
document.querySelectorAll("form[data-progress]").forEach((form) => {
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
});
setUpSections();
if (find("viewer")) setUpZoom(find("viewer"));
if (find("verdict-title")) goToResult(find("verdict-title"));
const live = find("live");
if (live) setUpCamera(live);
