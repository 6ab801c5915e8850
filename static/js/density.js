// density.js - how dense a table is: the choice stays.

const dense = document.querySelector('[data-density]');

if (dense) {
	dense.checked = localStorage.getItem('density') === 'dense';
	dense.addEventListener('change', () => localStorage.setItem('density',
		dense.checked ? 'dense' : ''));
}
