// Open as index.html#player={uuid}&token={token}: what is behind # stays in the browser.
import { createClient } from '@global-state-service/client';

const { player, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const show = (id, value) => (document.getElementById(id).textContent = String(value));

const client = createClient({
  url: location.origin,
  token,
  live: { onStatus: ({ state }) => show('connection', state) },
});
const live = client.live('player', player);

live.onChange(({ type, view, error }) => {
  show('gold', view.data?.gold ?? 0);
  show('version', view.version);
  show('pending', view.pending);
  if (type === 'rolledBack' || type === 'failed') show('error', error.message);
});

const add = document.getElementById('add');
add.addEventListener('click', () => {
  show('error', '');
  // Shown at once. A refusal takes it back and comes as `rolledBack`, too, so there is nothing left to do here.
  live.apply({ gold: { $inc: 10 } }).catch(() => undefined);
});
await live.ready;
add.disabled = false;
