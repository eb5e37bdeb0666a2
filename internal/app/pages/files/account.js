// What a one-time link opens: an address to confirm, a new password, a sign-in that was not
// mine. Nothing happens before the button is pressed, since mail programs open links by
// themselves. The token stays behind the # until it is used, and then leaves the address.

import { withProof } from '/pages/captcha.js';

const at = (id) => document.getElementById(id);
const [, side, flow] = location.pathname.split('/'); // account or staff; verify, recover, not-me
const token = location.hash.slice(1);
const base = side === 'staff' ? '/api/v1/staff/auth' : '/api/v1/auth';
const path = { verify: '/email/verify', recover: '/recovery/password', 'not-me': '/not-me' }[flow];

function show(name) {
  for (const id of ['verify', 'recover', 'not-me', 'done', 'no-token']) at(id).hidden = id !== name;
  at(name).querySelector('h1').focus();
}

async function post(value) {
  try {
    const answer = await fetch(base + path, {
      method: 'POST', credentials: 'omit', cache: 'no-store',
      headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value),
    });
    const body = answer.status === 204 ? {} : await answer.json();
    return { ok: answer.ok, body, wait: answer.headers.get('Retry-After') };
  } catch {
    return { ok: false, body: { detail: '网络不通,请再试一次 / The network failed: try again' } };
  }
}

function tell(form, { body, wait }) {
  const rest = [];
  for (const p of form.querySelectorAll('.wrong')) p.textContent = '';
  for (const { field, problem } of body.errors ?? []) {
    const name = field.replace(/^body\./, '').replace('new_password', 'password');
    const place = form.querySelector(`.wrong[data-for="${CSS.escape(name)}"]`);
    if (place) place.textContent = problem;
    else rest.push(problem);
  }
  const later = wait ? ` (${wait} s)` : '';
  form.querySelector('.refused').textContent = [(body.detail ?? '') + later, ...rest].join('\n');
}

function start() {
  const form = at(`${flow}-form`);
  at('factor').hidden = side !== 'staff';
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const value = { token };
    if (flow === 'recover') {
      value.new_password = form.elements.new_password.value;
      if (side === 'staff') value.totp = form.elements.totp.value.trim();
    }
    const button = form.querySelector('button');
    button.disabled = true;
    const answer = await withProof(form, (proof) => post({ ...value, ...proof }));
    button.disabled = false;
    if (!answer.ok) {
      tell(form, answer);
      return;
    }
    history.replaceState(null, '', location.pathname);
    at(`done-${flow}`).hidden = false;
    show('done');
  });
  show(flow);
}

if (token && path) start();
else show('no-token');
