// A single-page application: log in, list notes, add one, sign out.  Nothing of it is in the HTML that the server sends.
import { createApp, h, reactive } from 'vue';

const state = reactive({ user: null, notes: [], error: '', busy: false, draft: '', name: '', password: '' });

const ask = async (method, path, body) => {
  const answer = await fetch(`/api/${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
};

const doing = async (work) => {
  state.busy = true;
  state.error = '';
  try {
    await work();
  } catch (error) {
    state.error = error.message;
  } finally {
    state.busy = false;
  }
};

const show = (path) => history.pushState(null, '', path);

const logIn = () => doing(async () => {
  const { user } = await ask('POST', 'session', { name: state.name, password: state.password });
  state.notes = await ask('GET', 'notes');
  state.user = user;
  state.password = '';
  show('/notes');
});

const add = () => doing(async () => {
  state.notes.push(await ask('POST', 'notes', { text: state.draft }));
  state.draft = '';
});

const signOut = () => doing(async () => {
  await ask('DELETE', 'session');
  state.user = null;
  state.notes = [];
  show('/');
});

const field = (label, key, type) => h('label', [
  label,
  h('input', { type, value: state[key], onInput: (event) => { state[key] = event.target.value; } }),
]);

const form = (submit, children) => h('form', { onSubmit: (event) => { event.preventDefault(); submit(); } }, children);

const LogIn = () => form(logIn, [
  h('h1', 'Log in'),
  field('User name ', 'name', 'text'),
  field('Password ', 'password', 'password'),
  h('button', { disabled: state.busy }, 'Log in'),
]);

const Notes = () => [
  h('h1', `Notes of ${state.user}`),
  h('p', `${state.notes.length} notes`),
  h('ul', state.notes.map((note) => h('li', { key: note.id }, note.text))),
  form(add, [field('New note ', 'draft', 'text'), h('button', { disabled: state.busy || !state.draft }, 'Add')]),
  h('button', { onClick: signOut }, 'Sign out'),
];

createApp({
  setup: () => () => h('main', [
    state.error ? h('p', { class: 'error', role: 'alert' }, state.error) : null,
    state.user ? Notes() : LogIn(),
  ]),
}).mount('#app');
