// docs.js - the API browser of /docs, in place of the list that is there
// without it.

const browser = document.getElementById('docs-browser');
const list = document.getElementById('docs-list');
const theme = document.documentElement.dataset.theme;
const isDark = theme ? theme === 'dark'
	: matchMedia('(prefers-color-scheme: dark)').matches;

if (window.SwaggerUIBundle) {
	document.documentElement.classList.toggle('dark-mode', isDark);
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
			list.hidden = true;
		},
	});
}
