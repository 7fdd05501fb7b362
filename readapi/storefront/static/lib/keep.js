/* What all tabs must agree on. localStorage reaches other tabs a moment later; a transaction of IndexedDB does at once. */

const STORE = "kept";

function opened() {
  return new Promise((done, fail) => {
    const asked = indexedDB.open("kontor", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

async function transact(mode, work) {
  const database = await opened();
  try {
    return await new Promise((done, fail) => {
      const transaction = database.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(asked.result);
      transaction.onabort = () => fail(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Undefined for what is not kept. */
export const kept = (name) => transact("readonly", (store) => store.get(name));
export const keep = (name, value) => transact("readwrite", (store) => store.put(value, name));
export const drop = (name) => transact("readwrite", (store) => store.delete(name));

/** All that this browser keeps of whoever was here. What other tabs keep of their own ends with them. */
export function forgetHere() {
  for (const storage of [sessionStorage, localStorage]) {
    for (const name of Object.keys(storage).filter((one) => one.startsWith("kontor."))) storage.removeItem(name);
  }
}
