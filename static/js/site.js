// site.js - what makes the dashboard quicker to use. Every page works without.

const all = (selector, from = document) => [...from.querySelectorAll(selector)];

// Menus close when one looks elsewhere, and with Escape.
document.addEventListener('click', (event) => {
	for (const menu of all('details.dropdown[open]'))
		if (!menu.contains(event.target))
			menu.open = false;
});
document.addEventListener('keydown', (event) => {
	if (event.key !== 'Escape')
		return;
	if (location.hash === '#menu')
		location.hash = '';
	for (const menu of all('details.dropdown[open]')) {
		menu.open = false;
		menu.querySelector('summary').focus();
	}
});

// A select of a filter takes effect at once.
document.addEventListener('change', (event) => {
	if (event.target.matches('form[data-auto-submit] select'))
		event.target.form.requestSubmit();
});

// Empty filters stay out of the address.
document.addEventListener('submit', (event) => {
	if (event.target.method !== 'get')
		return;
	for (const field of event.target.elements)
		if (field.name && !field.value)
			field.disabled = true;
	setTimeout(() => {
		for (const field of event.target.elements)
			field.disabled = false;
	});
});

// By plain HTTP there is no clipboard but the old way.
async function copy(text, shown) {
	if (navigator.clipboard)
		return navigator.clipboard.writeText(text);
	getSelection().selectAllChildren(shown);
	document.execCommand('copy');
}

// Text that one wants elsewhere.
function addCopyButtons(from) {
	for (const code of all('[data-copy]', from)) {
		if (code.querySelector('.copy'))
			continue;
		const text = code.dataset.copy || code.textContent.trim();
		const button = document.createElement('button');
		const icon = (name) => {
			const use = document.querySelector('svg.icon use');
			const file = use.getAttribute('href').split('#')[0];
			button.innerHTML = '<svg class="icon" aria-hidden="true">' +
				`<use href="${file}#${name}"></use></svg>`;
		};

		button.type = 'button';
		button.className = 'copy';
		button.ariaLabel = document.documentElement.lang === 'es'
			? 'Copiar' : 'Copy';
		icon('clipboard');
		button.addEventListener('click', async () => {
			await copy(text, code);
			icon('check2');
			setTimeout(() => icon('clipboard'), 1500);
		});
		code.append(button);
	}
}

// Numbers that change by themselves, while somebody looks.
const LIVE_MS = 10000;

async function refresh() {
	const now = document.querySelector('[data-live]');

	if (!now || document.hidden || now.contains(document.activeElement) ||
		now.matches(':hover'))
		return;
	const response = await fetch(location.href,
		{ headers: { Accept: 'text/html', 'X-Gateway-Background': '1' } });
	if (!response.ok || response.redirected)
		return;
	const page = new DOMParser()
		.parseFromString(await response.text(), 'text/html');
	const next = page.querySelector('[data-live]');
	if (!next)
		return;
	// What one has opened stays open.
	const details = all('details', now);
	all('details', next).forEach((one, i) => {
		one.open = Boolean(details[i]?.open);
	});
	now.replaceWith(next);
}

if (document.querySelector('[data-live]'))
	setInterval(() => refresh().catch(() => {}), LIVE_MS);

addCopyButtons(document);
for (const toast of all('.toast'))
	setTimeout(() => toast.remove(), 6000);
