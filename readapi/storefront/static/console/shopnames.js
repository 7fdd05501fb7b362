/* What shops are called, for tables that know them by ids. */

import { short } from "../lib/format.js";

/** Tells a shop's name by its id; of one that is not among the first thousand the last letters of the id. */
export async function shopNames(api) {
  const { body } = await api.get("/api/admin/shops");
  const names = new Map(body.items.map(({ shopId, name }) => [shopId, name]));
  return (shopId) => names.get(shopId) ?? short(shopId);
}
