// What every request of a page carries: the key inside billing, the CSRF token elsewhere.
export function headers() {
  const made = {};
  if (window.wildcore.key) made["X-Auth-Key"] = window.wildcore.key;
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token) made["X-CSRF-Token"] = token.content;
  return made;
}

export function get(address, options = {}) {
  return fetch(address, { credentials: "same-origin", ...options, headers: { ...headers(), ...options.headers } });
}
