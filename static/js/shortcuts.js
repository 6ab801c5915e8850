// shortcuts.js - the dashboard by keyboard: g and a letter go to a page, /
// to the search, ? shows them all. A letter works where its page is in the
// menu, so nobody is led to what he may not see.

const letters = {
	o: 'overview', r: 'requests', u: 'usage', p: 'playground', k: 'keys',
	m: 'models', a: 'aliases', t: 'routing', b: 'budgets', l: 'alerts',
	c: 'cache', v: 'providers', j: 'projects', e: 'members', d: 'audit',
	s: 'settings',
};
const WAIT_MS = 1500; // for the letter after g
let waitsUntil = 0;

const link = (name) => document.querySelector(`.nav a[data-name="${name}"]`);
const help = document.getElementById('shortcuts');

// What one types into is left alone, and so is what the browser does itself.
function isTyping(event) {
	return event.ctrlKey || event.metaKey || event.altKey ||
		event.target.closest('input, select, textarea, [contenteditable]');
}

function row(keys, label) {
	const line = document.createElement('div');
	const name = document.createElement('dt');
	const pressed = document.createElement('dd');

	line.className = 'fact';
	name.textContent = label;
	for (const key of keys) {
		const cap = document.createElement('kbd');

		cap.textContent = key;
		pressed.append(cap, ' ');
	}
	line.append(name, pressed);
	return line;
}

function showHelp() {
	const list = help.querySelector('[data-pages]');

	list.replaceChildren(...Object.entries(letters)
		.filter(([, name]) => link(name))
		.map(([letter, name]) =>
			row(['g', letter], link(name).textContent.trim())));
	help.showModal();
}

function press(key) {
	const search = document.querySelector('main input[type="search"]');

	if (performance.now() < waitsUntil && letters[key]) {
		waitsUntil = 0;
		link(letters[key])?.click();
		return true;
	}
	waitsUntil = key === 'g' ? performance.now() + WAIT_MS : 0;
	if (key === '?' && help && !help.open)
		showHelp();
	else if (key === '/' && search)
		search.focus();
	else
		return false;
	return true;
}

document.addEventListener('keydown', (event) => {
	if (!event.defaultPrevented && !isTyping(event) && press(event.key))
		event.preventDefault();
});
