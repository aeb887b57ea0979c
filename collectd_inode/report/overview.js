const made = Date.parse(document.querySelector('header time').dateTime), age = document.querySelector('#age');
const tell = () => {
  const minutes = Math.floor((Date.now() - made) / 60000);
  age.textContent = minutes < 1 ? '' : minutes < 120 ? `, ${minutes} min ago` : `, ${Math.floor(minutes / 60)} h ago`;
  age.className = minutes > 30 ? 'old' : '';
};
tell();
setInterval(tell, 15000);
const filter = document.querySelector('#filter');
if (filter) {
  const rows = document.querySelectorAll('[data-job]');
  const apply = () => {
    for (const row of rows) row.hidden = !row.dataset.job.includes(filter.value.toLowerCase());
    try { sessionStorage.setItem('filter', filter.value); } catch {}
  };
  try { filter.value = sessionStorage.getItem('filter') || ''; } catch {}
  filter.addEventListener('input', apply);
  apply();
}
