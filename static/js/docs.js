// docs.js - the API browser of /docs, in place of the list: loaded when one
// asks for it, by the button, or by an address that names an operation as "Try
// it" of its page does (/docs#/Chat/createChatCompletion).

const place = (name) => document.getElementById(`docs-${name}`);
const browser = place('browser');
const button = place('try');
let begun = false;

function isDark() {
	const { theme } = document.documentElement.dataset;

	return theme ? theme === 'dark'
		: matchMedia('(prefers-color-scheme: dark)').matches;
}

function fetchFile(element) {
	return new Promise((done, failed) => {
		element.addEventListener('load', done);
		element.addEventListener('error', failed);
		document.head.append(element);
	});
}

const fetchStyle = (href) => fetchFile(Object.assign(
	document.createElement('link'), { rel: 'stylesheet', href }));

const fetchScript = (src) => fetchFile(Object.assign(
	document.createElement('script'), { src }));

function browse() {
	document.documentElement.classList.toggle('dark-mode', isDark());
	window.SwaggerUIBundle({
		url: browser.dataset.url,
		domNode: browser,
		deepLinking: true,
		// From 150 rows on it draws only those in the window: one scrolls into
		// blanks, and finds nothing by the browser's own search. Closed
		// groups keep it below that, and it is there sooner.
		docExpansion: 'none',
		defaultModelsExpandDepth: 0,
		filter: true,
		persistAuthorization: false,
		// Nobody else is asked whether the document is right.
		validatorUrl: null,
		onComplete() {
			browser.hidden = false;
			place('back').hidden = false;
			place('list').hidden = true;
			button.hidden = true;
		},
	});
}

async function load() {
	if (begun)
		return;
	begun = true;
	button.disabled = true;
	place('problem').hidden = true;
	try {
		await Promise.all([fetchStyle(browser.dataset.style),
			fetchScript(browser.dataset.script)]);
		browse();
	} catch {
		begun = false;
		button.disabled = false;
		place('problem').hidden = false;
	}
}

function loadNamed() {
	if (location.hash.startsWith('#/'))
		load();
}

button.hidden = false;
button.addEventListener('click', load);
addEventListener('hashchange', loadNamed);
loadNamed();
