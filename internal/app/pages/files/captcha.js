// The challenge that shows a person is at work: a piece is dragged to its notch, or, for who
// cannot see or drag, a small sum is answered. prove() resolves with the proof that the
// refused request is sent again with, or null when it was given up.

const speak = (zh, en) => {
  const text = document.createElement('span');
  text.append(`${zh} `);
  const small = document.createElement('span');
  small.lang = 'en';
  small.textContent = en;
  text.append(small);
  return text;
};

async function post(path, value) {
  const answer = await fetch(`/api/v1/captchas${path}`, {
    method: 'POST', credentials: 'omit', cache: 'no-store',
    headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? String(answer.status));
  return body;
}

const make = (tag, name, ...children) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.append(...children);
  return node;
};

function picture(url, name) {
  const img = make('img', name);
  img.src = url;
  img.alt = '';
  img.draggable = false;
  return img;
}

// slider shows the picture and a handle under it; done gets where it was let go and how it
// was moved, in pixels of the picture.
function slider(challenge, done) {
  const piece = picture(challenge.piece, 'captcha-piece');
  const stage = make('div', 'captcha-stage', picture(challenge.picture, 'captcha-picture'), piece);
  const handle = make('button', 'captcha-handle', '→');
  handle.type = 'button';
  handle.setAttribute('aria-label', '向右拖动拼图 Drag the piece to the right');
  const most = challenge.width - challenge.piece_size;
  let from = null;
  let track = [];
  let x = 0;
  piece.style.top = `${challenge.piece_y}px`;
  const put = (to) => {
    x = Math.max(0, Math.min(most, to));
    piece.style.left = `${x}px`;
    handle.style.left = `${x}px`;
  };
  handle.addEventListener('pointerdown', (e) => {
    handle.setPointerCapture(e.pointerId);
    from = { x: e.clientX, y: e.clientY, at: performance.now() };
    track = [{ x: 0, y: 0, ms: 0 }];
  });
  handle.addEventListener('pointermove', (e) => {
    if (!from) return;
    put(e.clientX - from.x);
    if (track.length < 199) {
      track.push({ x, y: e.clientY - from.y, ms: Math.round(performance.now() - from.at) });
    }
  });
  handle.addEventListener('pointerup', () => {
    if (!from) return;
    track.push({ x, y: track.at(-1).y, ms: Math.round(performance.now() - from.at) });
    from = null;
    done({ x, track });
  });
  return make('div', 'captcha-slider', stage, make('div', 'captcha-rail', handle));
}

function words(challenge, done) {
  const input = make('input', 'digits');
  input.inputMode = 'numeric';
  input.maxLength = 4;
  const label = make('label', '', challenge.question, input);
  const send = make('button', '', speak('确定', 'Answer'));
  send.type = 'button';
  send.addEventListener('click', () => done({ answer: input.value.trim() }));
  return make('div', 'captcha-words', label, send);
}

// prove asks for challenges until one is answered right, inside the form.
export function prove(subject, form) {
  return new Promise((resolve) => {
    const body = make('div');
    const said = make('p', 'refused');
    said.setAttribute('role', 'alert');
    const other = make('button', 'link', speak('看不清?换文字验证', 'Cannot see it? Use words'));
    other.type = 'button';
    const stop = make('button', 'link', speak('取消', 'Cancel'));
    stop.type = 'button';
    const box = make('div', 'captcha', make('p', '', speak('请把拼图拖到缺口处,证明是本人操作。',
      'Drag the piece to its notch to show that a person is at work.')), body, said,
    make('p', 'other', other, ' ', stop));
    const end = (proof) => {
      box.remove();
      resolve(proof);
    };
    const ask = async (kind) => {
      try {
        const challenge = await post('', { subject, kind });
        const show = kind === 'words' ? words : slider;
        body.replaceChildren(show(challenge, async (value) => {
          try {
            end((await post(`/${challenge.id}/answer`, value)).captcha_proof);
          } catch (e) {
            said.textContent = e.message;
            await ask(kind);
          }
        }));
      } catch (e) {
        said.textContent = e.message;
      }
    };
    other.addEventListener('click', () => ask('words'));
    stop.addEventListener('click', () => end(null));
    form.append(box);
    ask('slider');
  });
}

// withProof asks; when a proof of a person is wanted, it is earned and the question asked
// again with it.
export async function withProof(form, ask) {
  const answer = await ask({});
  const subject = answer.body?.details?.captcha_subject;
  if (answer.ok || answer.body?.code !== 'captcha_required' || !subject) return answer;
  const proof = await prove(subject, form);
  return proof ? ask({ captcha_proof: proof }) : answer;
}
