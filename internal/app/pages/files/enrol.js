// The two forms that end in a second factor: the first owner's and an invited person's.
// The one-time token stays behind the # until it is used, and then leaves the address and
// the history. Password and secret live in this page's memory alone.

import { withProof } from '/pages/captcha.js';

const flow = document.body.dataset.flow;
const at = (id) => document.getElementById(id);
const sections = ['start', 'enrolment', 'done', 'resume', 'no-token'];
const token = location.hash.slice(1);
let proof = null; // {email, password} of whoever confirms

function show(name) {
  for (const id of sections) at(id).hidden = id !== name;
  const title = at(name).querySelector('h1');
  if (name !== 'start') title.focus();
  window.scrollTo(0, 0);
}

// post answers {ok, body}; a refusal's body is a problem document, also when the network
// gave none.
async function post(path, value) {
  try {
    const answer = await fetch(path, {
      method: 'POST', credentials: 'omit', cache: 'no-store',
      headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value),
    });
    return { ok: answer.ok, body: await answer.json(), wait: answer.headers.get('Retry-After') };
  } catch {
    return { ok: false, body: { detail: '网络不通,请再试一次 / The network failed: try again' } };
  }
}

function tell(form, { body, wait }) {
  const fields = new Map((body.errors ?? []).map((e) => [e.field.replace(/^body\./, ''), e.problem]));
  for (const p of form.querySelectorAll('.wrong')) {
    const said = fields.get(p.dataset.for) ?? '';
    fields.delete(p.dataset.for);
    p.textContent = said;
    const input = form.elements[p.dataset.for];
    if (input?.setAttribute) input.setAttribute('aria-invalid', String(said !== ''));
  }
  const rest = [...fields].map(([field, said]) => `${field}: ${said}`);
  const later = wait ? ` (${wait} s)` : '';
  form.querySelector('.refused').textContent = [(body.detail ?? '') + later, ...rest].join('\n');
  form.querySelector('[aria-invalid=true]')?.focus();
}

function clear(form) {
  for (const p of form.querySelectorAll('.wrong, .refused')) p.textContent = '';
  for (const i of form.querySelectorAll('[aria-invalid]')) i.removeAttribute('aria-invalid');
}

// missing marks what the form cannot do without, before anybody is asked.
function missing(form) {
  const errors = [...form.querySelectorAll('input[required]')]
    .filter((i) => i.offsetParent !== null && i.value.trim() === '')
    .map((i) => ({ field: i.name, problem: '请填写 / Please fill this in' }));
  if (errors.length > 0) tell(form, { body: { detail: '', errors } });
  return errors.length > 0;
}

// handle runs a form's question once at a time.
function handle(form, ask, done) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    clear(form);
    if (missing(form)) return;
    const button = form.querySelector('button[type=submit]');
    button.disabled = true;
    try {
      const answer = await withProof(form, (proof) => ask(form.elements, proof));
      if (answer.ok) await done(answer.body, form.elements);
      else tell(form, answer);
    } finally {
      button.disabled = false;
    }
  });
}

async function drawn(url) {
  const answer = await fetch('/pages/enrolment.svg', {
    method: 'POST', credentials: 'omit', cache: 'no-store',
    headers: { 'Content-Type': 'text/plain' }, body: url,
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const svg = new DOMParser().parseFromString(await answer.text(), 'image/svg+xml');
  return document.importNode(svg.documentElement, true);
}

async function enrol(enrolment, who) {
  proof = who;
  history.replaceState(null, '', location.pathname);
  at('secret').textContent = enrolment.totp_secret.replace(/(.{4})(?=.)/g, '$1 ');
  at('copy').hidden = !navigator.clipboard; // there is none without TLS
  at('copy').onclick = async () => {
    await navigator.clipboard.writeText(enrolment.totp_secret);
    at('copy').textContent = '已复制 Copied';
  };
  show('enrolment');
  try {
    at('qr').replaceChildren(await drawn(enrolment.totp_url));
  } catch {
    at('qr').hidden = true; // the key beside it does as well
  }
}

// mailOf is the account that an authenticator's address names.
function mailOf(url) {
  const label = decodeURIComponent(new URL(url).pathname.split('/').pop());
  return label.slice(label.indexOf(':') + 1).trim();
}

const setup = (f) => post('/api/v1/staff/setup', {
  token, organization_name: f.organization_name.value.trim(), email: f.email.value.trim(),
  name: f.name.value.trim(), password: f.password.value,
});

const accept = (f, human) => post('/api/v1/staff/invitations/accept', f.who.value === 'new'
  ? { token, name: f.namedItem('name').value.trim(), password: f.password.value }
  : { ...human, token, password: f.password.value, totp: f.totp.value.trim() });

function begun(body, f) {
  const enrolment = flow === 'setup' ? body : body.enrolment;
  if (!enrolment) {
    history.replaceState(null, '', location.pathname);
    show('done'); // an account that was confirmed before
    return null;
  }
  return enrol(enrolment, { email: mailOf(enrolment.totp_url), password: f.password.value });
}

handle(at('first'), flow === 'setup' ? setup : accept, begun);
handle(at('confirm'), (f, human) => post('/api/v1/staff/auth/totp', {
  ...proof, ...human, totp: f.totp.value.trim(), device_label: 'setup page',
}), async (body) => {
  proof = null;
  at('secret').textContent = '';
  at('qr').replaceChildren();
  // The page keeps no sign-in: what was opened to prove the code is closed again.
  await fetch('/api/v1/staff/auth/sign-out', {
    method: 'POST', credentials: 'omit', headers: { Authorization: `Bearer ${body.token}` },
  }).catch(() => {});
  show('done');
});
handle(at('resume-form'), (f, human) => post('/api/v1/staff/auth/enrolment', {
  ...human, email: f.email.value.trim(), password: f.password.value,
}), (body, f) => enrol(body, { email: f.email.value.trim(), password: f.password.value }));

for (const id of ['to-resume', 'to-resume-2']) {
  at(id).addEventListener('click', () => show('resume'));
}

for (const radio of document.querySelectorAll('input[name=who]')) {
  radio.addEventListener('change', () => {
    for (const part of document.querySelectorAll('[data-who]')) {
      part.hidden = part.dataset.who !== radio.value;
    }
    at('password').autocomplete = radio.value === 'new' ? 'new-password' : 'current-password';
  });
}

if (!token) show('no-token');
