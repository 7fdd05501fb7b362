/* What an address needs besides name and street, by country: the table that the API holds addresses to. */

const WITHOUT_CITY = new Set("AE AG GI HK ID JP KY MO NR SM VG".split(" "));
const WITH_REGION = new Set(
  (
    "AE AU BB BR CA CL CN CO CR CV EG ES FM HK HN ID IN IQ IR IT JM JP KI KN KR KY MH MX MY NR PE PF PG PW RU SO SV TH TR TW UM US " +
    "VE VN"
  ).split(" "),
);
const WITH_POSTAL_CODE = new Set(
  (
    "AS AT AU AX BE BL BR CA CH CN CZ DE DK EE ES FI FK FM FR GB GF GG GL GP GR GS GU HU IM IN IO IT JE JP KR KZ LI LT LU LV MF MH " +
    "MP MQ MX MY NC NL NO NZ PF PL PM PN PR PT PW RE RO RU SE SG SH SJ SK SM TC TR TW UA US VI WF YT ZA"
  ).split(" "),
);

/** By the names of the form's fields. */
export function required(country) {
  return {
    city: !WITHOUT_CITY.has(country),
    region: WITH_REGION.has(country),
    postalCode: WITH_POSTAL_CODE.has(country),
  };
}
