"""Which category an Icecat record belongs to. Icecat's own category is not part of the data, so it is derived.

The first rule that matches decides, in rounds from the surest sign to the weakest:

1. the record's ``product_type``, where it is one of those that say what a thing is;
2. strong words of the title. Machines that are described down to their memory come first, then consumables and
   accessories before the machines they are made for: a toner's title names the printer, a bag's the notebook;
3. attributes that only one kind of thing has, for titles that are a mere model name (``HP 58 Original``);
4. the same strong words in the description;
5. weak words, which would misplace many things if they were asked earlier.

What no rule knows is ``Other``: 2 to 3 % of Icecat's records, counted in ``tests/kontor/catalog/test_icecat.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Category = tuple[str, ...]

OTHER: Category = ("Other",)

# Rules are a category and a regular expression over lower-case text.

# fmt: off
_TYPES: list[tuple[str, str]] = [
    ("Components > Processors", r"processor"),
    ("Computers > Laptops", r"notebook|chromebook|netbook|hybrid \(2-in-1\)|mobile workstation"),
    ("Computers > Desktops", r"workstation|all-in-one pc|mini pc.*|pc barebone"),
    ("Audio > Headphones & Headsets", r"headphones|headset"),
    ("Components > Motherboards", r"desktop board|server/workstation board"),
    ("Networking > Cards & Adapters", r"network interface card"),
    ("Networking > Wireless & Routers", r"tabletop router|portable router"),
    ("Toys > Games & Toys", r"doll.*|play.*|toy.*|.* toy|kids'.*|bath animal|frisbee|ride-on float|water table"),
    ("Home > Appliances",
     r"drip coffee maker|pod coffee machine|espresso machine|deep fryer|.*ice cream maker|freestanding cooker"),
    ("Audio > Speakers", r".*portable speaker"),
    ("Displays > Projectors", r"\w+[- ]?\w* projector"),
    ("Printing > Drums & Maintenance", r"maintenance kit|transfer kit|roller kit|printer fuser kit|print.* cleaning.*"),
]

_STRONG: list[tuple[str, str]] = [
    ("Phones > Wearables & Navigation",
     r"smart ?watch|activity tracker"),
    ("Phones > Phones",
     r"(dual|single|hybrid dual) sim|smartphone"),
    ("Computers > Servers",
     r"\bserver\b.*(xeon|ghz|opteron)|(xeon|ghz|opteron).*\bserver\b"),
    ("Computers > Desktops",
     r"thin client|thinos"),
    ("Computers > Desktops",
     r"all-in-one (pc|workstation)"),
    ("Computers > Tablets",
     r"tablet.* gb |\bipad (?!case).* gb\b|galaxy tab .* gb\b"),
    ("Computers > Laptops",
     r'\" ?\).*(pixels|touchscreen).*\b(ddr|ddr\d|l?p?ddr\dx?-sdram|sdram|ram)\b|\bnotebook\b.*(sdram|\bram\b)'),
    ("Computers > Desktops",
     r"\b(l?p?ddr\d?|[a-z0-9]*-?sdram|ram)\b.*\b(hdd|ssd|hdd\+ssd|gb|tb)\b.*(windows|dos\b|linux|\bpc\b(?!\()|"
     r"workstation|tower|ubuntu|hd graphics|intel)|(intel|amd|nvidia).*\b(sdram|ram|ddr)\b.*\b(hdd|ssd|gb|tb)\b"),
    ("Power > UPS",
     r"uninterruptible power supply"),
    ("Power > Power Distribution",
     r"(power strip|\bpdu\b|power distribution unit)(?!.*(bracket|mount))"),
    ("Power > Surge Protectors",
     r"surge (protect|suppress)"),
    ("Printing > Printers",
     r"(laserjet|officejet|deskjet|designjet|photosmart|phaser|workcentre|ecosys).*\bdpi\b|large format printer|"
     r"(inkjet|laser|label|receipt) printer\b|\btm-[a-z]+\d"),
    ("Storage > Tapes & Discs",
     r"\b(cd-rw?|dvd[+-]rw?|dvd-ram|bd-re?)\b(?!.*(drive|writer|notebook|burner|label|player|recorder|case|"
     r"sleeve))"),
    ("Computers > Desktops",
     r"(minitower|small form factor|tower|desktop) pc\b(?!\()"),
    ("Phones > Phones",
     r"\b[345]g\b.*android"),
    ("Computers > Laptop Parts",
     r"(notebook|laptop) (accessory|spare part)|spare part.*notebook"),
    ("Audio > Players & Radios",
     r"mp[34](/mp[34])? player|gogear|walkman"),
    ("Cables > Audio Cables",
     r"digital audio .*cable"),
    ("Toys > Games & Toys",
     r"\bdolls?\b|sylvanian|\btoys?\b|kinetic sand|puzzle|play ?set|figure set|plush|board game|hatchimals|"
     r"paw patrol|candylocks|collectible|monster truck|zapf|lol surprise|l\.o\.l\.|rainbocorns|bakugan|"
     r"playhouse|\bbead|craft|modelling|card game|jumbo\b|\bgames? "),
    ("Software > Licences",
     r"software|licen[sc]e|antivirus|upgrade key|office 20\d\d|\bicard\b|workflow$|emulation upgrade|\bssl f/"),
    ("Services > Warranties",
     r"warranty|care ?pack|onsite|on-site|service (plan|contract|pack|program)|support (plan|service)|"
     r"installation service|assembly service|start-up service|preventive maintenance|maintenance & support|"
     r"next business day|\bnbd\b|year\(s\)|service upgrade|monitoring service"),
    ("Printing > Printer Accessories",
     r"staple"),
    ("Printing > Toner",
     r"toner"),
    ("Printing > Drums & Maintenance",
     r"drum|imaging unit|image unit|photoconductor|fuser|transfer (belt|kit|roller|roll|unit)|maintenance (kit|"
     r"cartridge|tank|box)|developer|waste|roller|belt unit|fusing|oil (bottle|roller)|cleaning (kit|cartridge|"
     r"unit)|head clean"),
    ("Printing > Ink",
     r"\bink\b|print ?head|inkjet cartridge|singlepack|multipack|print cartridge|ink ?cart|durabrite|\bbci-|"
     r"\bpfi-|\bcli-\d|\bpgi-\d|printer ribbon|ribbon"),
    ("Office > Label Makers",
     r"labelmanager|labelwriter|labelpoint|letratag|rhino|label-making|label tape|labelling tape|dymo.*tape|"
     r"lettering|\bp-touch|label (printer|maker)"),
    ("Office > Labels",
     r"labels?\b|sticker|movables|inscription|multi-purpose"),
    ("Printing > Paper & Media",
     r"photo ?paper|large format media|printing (paper|film)|proofing|paper roll|canvas|\bfilm\b.*\b(m|mm|"
     r"sheets?)\b|transparenc|envelope|greeting|(matte?|glossy|coated|bond|satin|inkjet|copy|plain|heavyweight|"
     r"photo|art|adhesive|velvet|watercolor|luster|premium) .*(paper|vinyl|banner|sheets)|sheets\b.*\bpaper|"
     r"paper\b.*\b(sheets?|roll|g/m)|iron-on|transfer paper|photo media|polypropylene|backlit|\bpaper$"),
    ("Printing > Printer Accessories",
     r"(paper|media|input|sheet|cassette|output|printer).*(tray|feeder|stacker)|\btray\b.*sheet|sheet feeder|"
     r"duplex(er| unit| module)|finisher|hole punch|\bmailbox\b|output stacker|printer (cabinet|stand|hard|"
     r"memory|kit|interface)|print server|postscript|scanner (option|accessory)|(roll|feed) spindle|roll feed|"
     r"paper cassette|booklet maker|lockable tray|\bsheets?\b$|font|\bprinting equipment spare"),
    ("Displays > Projector Accessories",
     r"projector.*(mount|bag|case|lamp|lens|screen|filter|cable|ceiling)|projection (lamp|lens|screen|film)|"
     r"projector (accessory)|\blamp\b.*|elplp|elp[a-z]{2}\d|projection screen"),
    ("Office > Ergonomics & Protection",
     r"keyboard (drawer|cover|protector|tray)|mouse ?pad|wrist (rest|pad)|foot ?rest|(copy|document) holder|"
     r"privacy (filter|screen)|screen protector|display privacy|palm rest|back ?rest"),
    ("Accessories > Bags & Cases",
     r"backpack|(notebook|laptop|tablet|messenger|computer|camera|lens|mobile phone|phone|ipad|netbook|"
     r"equipment|carrying|carry|cd|dvd|e-reader).*(\bcase|sleeve|\bbag|pouch|cover|folio|skin)|"
     r"\bcase\b.*(notebook|laptop|tablet|ipad|samsung|iphone)|briefcase|toploader|trolley|duffel|luggage|"
     r"holster|\bsleeve\b|\bbag\b|soft case|hard case|optical disc case|carrying case|\bcover\b.*(galaxy|"
     r"iphone)|suitcase"),
    ("Cables > Network Cables",
     r"fib(er|re).*(cable|patch)|(networking|network|patch|ethernet|lan|crossover|rj-?45|"
     r"cat\.? ?[567]).*\b(cable|cord|patch)|patch ?cord|patchkabel|\bcat ?[567]e?a?\b.*(utp|ftp|stp|cable)|(utp|"
     r"ftp|stp).*cable"),
    ("Cables > Video Cables",
     r"(hdmi|vga|dvi|displayport|video|monitor|s-video|coax|component|composite|d-sub|hd15|scart|rgb|"
     r"thunderbolt|antenna|bnc).*\b(cables?|cord|adapter|adaptor|coupler|gender|splitter|connector|converter)\b"),
    ("Cables > Audio Cables",
     r"(audio|stereo|rca|3\.5 ?mm|speaker|headphone|toslink|microphone|jack|xlr|midi|"
     r"digital optical).*\b(cables?|cord|adapter|coupler|splitter|connector|wire)\b|speaker wire"),
    ("Cables > USB & FireWire Cables",
     r"(usb|firewire|ieee ?1394|lightning).*\b(cables?|cord|lead)\b|(usb|firewire) (to|a|male|type).*(adapter|"
     r"converter)|gender changer|\busb\b.*(adapter|converter|extender)"),
    ("Cables > Power Cords",
     r"(power|iec|c13|c14|c19|c20|nema|mains|ac).*\b(cord|cords|cable|lead|extension)\b|extension (cord|lead)"),
    ("Cables > Other Cables & Connectors",
     r"(serial|parallel|scsi|sata|sas|ata|ide|db9|db25|db-?\d+|null modem|rs-?232|kvm|printer|ps/2|floppy|"
     r"internal|camera|telephone|phone|modular|infiniband|rj-?1[12]|rj-?\d+|molex|keyboard|signal|"
     r"stacking).*\b(cables?|cord|adapter|gender|coupler)\b|\bcables?\b|cable interface|wire connector|keystone|"
     r"patch panel|\bcoupler|\bconnector|heat shrink|cable (tie|manage|clamp)|raceway|coax"),
    ("Power > Surge Protectors",
     r"surge|power strip|outlet strip|spike|surgearrest|isobar"),
    ("Power > Power Distribution",
     r"power distribution|\bpdu\b|rack pdu|transfer switch|bypass"),
    ("Power > UPS Batteries & Parts",
     r"(ups|symmetra|smart-?ups|back-?ups|galaxy|silcon).*(batter|module|frame|management card|kit|bracket)|"
     r"ups batter|battery (cartridge|module|pack).*(ups|apc)|replacement battery cartridge|sealed lead|\brbc|"
     r"vrla|external battery"),
    ("Power > UPS",
     r"uninterruptible|\bups\b|smart-ups|back-ups|symmetra|power ?protection|line-interactive|\bkva\b"),
    ("Power > Batteries & Chargers",
     r"batter(y|ies)|power ?bank|accu\b|\bmah\b|duracell|varta"),
    ("Power > Power Supplies & Adapters",
     r"charger|power (adapter|supply|unit|inverter|adaptor)|inverter|psu\b|ac adapter|\batx\b.*\bw\b|"
     r"voltage regulator|redundant power|\bpower\b.*module|indoor mobile"),
    ("Networking > Racks & Cooling",
     r"\brack|netshelter|cabinet|enclosure.*\bu\b|\d+u\b.*(shelf|panel|enclosure)|air (containment|removal|"
     r"distribution)|cooling unit|blanking|netbotz|aisle|environmental|temperature.*sensor|sensor|(sliding|"
     r"fixed) shelf|cantilever|\binrow|air conditioner|floor stabil|rails?\b"),
    ("Storage > Enclosures & Docks",
     r"hdd/ssd enclosure|drive enclosure|storage drive (enclosure|dock)|docking.*(hdd|ssd|sata)|drive (bay|tray|"
     r"caddy)|hard drive (dock|dupl)|hdd.*(mount|bracket|caddy)|drive dock|storage bay"),
    ("Computers > Docking Stations",
     r"(dock|port replicator|notebook dock)"),
    ("Networking > KVM & Consoles",
     r"kvm|console (switch|server)|serial (server|switch)|device server"),
    ("Displays > Mounts & Stands",
     r"(wall|ceiling|desk|floor|monitor|tv|flat|display|projector|vesa|tablet|pole|screen|panel|"
     r"speaker).*(mount|stand|bracket|arm|cart\b|holder|riser)|mounting (kit|bracket|accessor)|\bmount\b|"
     r"\bbracket|riser"),
    ("Components > Motherboards",
     r"motherboard|mainboard|\blga \d+.*atx|socket.*(atx|itx)|server/workstation board"),
    ("Components > Graphics Cards",
     r"graphics card|geforce|radeon|quadro|firepro|video card|\bgddr|graphics adapter"),
    ("Storage > Memory",
     r"memory (module|card|kit|upgrade)|\bdimm\b|\bso-?dimm|\bddr\d?\b.*(module|mhz)|sdram.*mhz|\bsdhc|\bsdxc|"
     r"microsd|compactflash|compact flash|memory stick|secure digital|flash card|\bcf card|card reader|"
     r"\bxd\b.*(card|gb)|\bmemory\b$|rimm\b|sdram$|ddr-?dram"),
    ("Storage > USB Flash Drives",
     r"usb flash|flash drive|thumb ?drive|pen ?drive|datatraveler|store ?'?n'? ?go"),
    ("Storage > SSDs",
     r"\bssd\b.*\b(kit|drive|gb|tb|internal|external)\b(?!.*pixels)|solid state|\bssd\b$"),
    ("Storage > Tapes & Discs",
     r"blank (data tape|video|audio|cd|dvd|blu)|\blto\b|data (tape|cartridge)|tape (cartridge|drive|auto|"
     r"library)|\bdat\b|\bdds\b|ultrium|\bcd-?rw?\b|\bdvd[+-]?rw?\b(?!.*(pixels|notebook|player|recorder))|"
     r"dvd[+-]r|blu-ray disc|bd-r|mini-?dv|magneto|floppy disk|videotape|cassette|dlt\b|\bvhs"),
    ("Storage > Optical Drives",
     r"optical (disc )?drive|dvd.*(writer|burner|drive)|cd.*writer|blu-ray.*(drive|writer)"),
    ("Storage > Hard Drives & Arrays",
     r"hard (disk|drive)|\bhdd?\b.*\b(kit|gb|tb|rpm)\b(?!.*pixels)|\brpm\b.*(gb|tb|sas|sata)|external hard|"
     r"internal hard|\bsas\b.*gb|disk array|\bnas\b|raid|storage (array|server|controller)|host bus|scsi"),
    ("Components > Cases & Cooling",
     r"motherboard|server barebone|barebone|computer case|midi.?tower|full.?tower|\bchassis\b|mini.?tower|"
     r"\btower\b.*case|computer (cooler|cooling|liquid)|cooler|cooling|\bfan\b|heatsink|heat sink|"
     r"thermal (paste|compound|grease)|computer cooling|\bcase fan|computer power"),
    ("Computers > Servers",
     r"\bserver\b.*(ghz|xeon|gb)|supermicro.*server"),
    ("Components > Processors",
     r"processor(?!.*(notebook|pc\b))|\bxeon\b|opteron|\bbox\b.*\bl[23]\b|pentium (i|d|4)"),
    ("Computers > Desktops",
     r"thin client"),
    ("Computers > Laptops",
     r"notebook|laptop|chromebook|netbook|macbook|thinkpad|ultrabook|elitebook|probook|latitude|zenbook|"
     r"vivobook|aspire.*pixels|pavilion.*pixels|satellite"),
    ("Computers > Tablets",
     r"\btablet\b|ipad|galaxy tab|e-?book reader|e-reader|slate"),
    ("Computers > Desktops",
     r"desktop (pc|computer)|workstation|all-in-one pc|\bpc\b(?!\()|minitower|ipaq(?!.*(case|charger))|"
     r"small form factor|optiplex|thinkcentre|compaq.*ghz|\bmini pc\b|imac|proone|elitedesk|prodesk|"
     r"thinkstation|mt\b.*(pc|ghz)"),
    ("Networking > Wireless & Routers",
     r"wireless (router|access)|router|access point|gateway|powerline|mesh|repeater|range extender|modem|"
     r"antenna|hotspot|wi-?fi"),
    ("Networking > Switches & Modules",
     r"network switch|ethernet switch|\bswitch\b.*(managed|port|gigabit|unmanaged)|managed (network )?switch|"
     r"\bswitch(es)?\b|hub\b.*(ethernet|port)|poe.*(injector|adapter)|procurve|media converter|transceiver|sfp|"
     r"gbic|network (media|transceiver|switch)|stacking|firewall|network (management|extender|monitor|security|"
     r"splitter|analyz|test)|\bpoe\b"),
    ("Networking > Cards & Adapters",
     r"networking card|network(ing)? (card|adapter)|ethernet (card|adapter)|lan adapter|\bnic\b|mbit/s|ethernet"),
    ("Components > Hubs & Interface Cards",
     r"interface hub|\bhub\b|usb.*(port|card)|firewire.*card|pci.*(card|adapter)|interface cards?|serial card|"
     r"parallel.*card|expansion (card|kit)|sound card|tv tuner|controller card"),
    ("Displays > Video Distribution",
     r"(video|av|vga|hdmi|audio).*(splitter|extender|switch|converter|transmitter|receiver|scaler|matrix|"
     r"amplif)|splitter|extender|converter|signal"),
    ("Office > Presentation",
     r"interactive whiteboard|whiteboard|flip ?chart|presenter|presentation|laser pointer|visualiser|"
     r"document camera"),
    ("Displays > Projectors",
     r"projector|dlp|3lcd|\bansi\b"),
    ("Displays > Monitors",
     r"monitor|computer display|lcd display|led display|\blcd\b.*(pixels|panel)|thinkvision|flat panel|signage|"
     r'\bcm \(\d+(\.\d+)?\"\).*pixels.*(lcd|led)|touch ?screen'),
    ("TV & Video > Televisions",
     r"\btv\b|television|plasma|hospitality|set-top"),
    ("TV & Video > Players & Recorders",
     r"dvd|blu-ray|home (cinema|theat)|media player|remote control|video recorder|\bvcr\b|av receiver|camcorder|"
     r"digital photo frame|player"),
    ("Audio > Headphones & Headsets",
     r"head(phone|set)|earphone|ear ?bud|in-ear"),
    ("Audio > Speakers",
     r"speaker|sound ?bar|soundbar|subwoofer|loudspeaker"),
    ("Audio > Players & Radios",
     r"radio|hi-?fi|micro ?system|mini (system|hi)|audio (system|set)|walkman|turntable|cd player|boombox|"
     r"microphone|voice recorder|dictaphone|amplifier|audio|alarm clock|clock"),
    ("Cameras > Security & Web Cameras",
     r"web ?cam|security camera|ip camera|cctv|surveillance|nvr|network camera|baby monitor|video server"),
    ("Cameras > Lenses & Accessories",
     r"camera (lens|flash|kit|cable|drop|mount|filter|adapter)|lens|tripod|\bflash\b.*(canon|nikon|speedlite)|"
     r"speedlite|focus|viewfinder|eyecup|battery grip|filter.*mm|\bef\b|hood|binocular"),
    ("Cameras > Digital Cameras",
     r"camera|ixus|powershot|cyber-?shot|coolpix|lumix|\beos\b|slr"),
    ("Phones > Phones",
     r"mobile phone|smartphone|cell ?phone|galaxy|iphone|xperia|nokia|dect|telephone|\bphone\b|voip|ip phone|"
     r"fax|conference"),
    ("Phones > Wearables & Navigation",
     r"smart ?watch|fitness|activity|navigator|\bgps\b|tomtom|sat ?nav|car (kit|holder)|headrest|dash"),
    ("Printing > Printers",
     r"multifunction|\bmfp\b|all-in-one.*(printer|a4|dpi)|laser ?jet|officejet|deskjet|photosmart|phaser|"
     r"workcentre|designjet|plotter|printer|stylus|imagerunner|i-sensys|pixma|a[34].*dpi|\bdpi\b.*a[34]|ecosys|"
     r"label ?writer|dot matrix|\bppm\b|copier|lexmark [a-z]+\d+dn|psc \d|docuprint|multifonction|stylus"),
    ("Printing > Scanners",
     r"scanner|scanjet|\badf\b|perfection|document ?mate|barcode"),
    ("Accessories > Keyboards & Mice",
     r"keyboard|\bmouse\b|\bmice\b|track ?ball|trackpad|game ?pad|joystick|gaming control|numeric keypad|qwerty|"
     r"azerty|graphics? tablet|stylus pen|remote"),
    ("Accessories > Locks, Tools & Cleaning",
     r"lock\b|security (cable|lock)|microsaver|key ?lock|screen clean|cleaning|compressed air|wipes|duster|tool|"
     r"crimp|tester|screwdriver|strip"),
]

_WEAK: list[tuple[str, str]] = [
    ("Office > Supplies",
     r"binder|folder|file|calculator|shredder|laminat|stapler|adhesive|glue|album|organi[sz]er|pen\b|pencil|"
     r"marker|notebook paper|desk (pad|tray)|hanging|archive|box file|index|divider|pocket|board|book\b|"
     r"photo corner|tape|chair|furniture|table|easel|drawer|shelf|book|safe\b|badge|corners"),
    ("Home > Personal Care",
     r"shaver|epilator|hair|tooth|oral|grooming|trimmer|beauty|nail|massage|razor|\bbaby\b|bottle|breast|"
     r"soother|health|thermometer|blood|scale"),
    ("Home > Appliances",
     r"coffee|espresso|kettle|toaster|blender|mixer|oven|\bhob\b|cooker|fridge|refrigerator|freezer|wash|dryer|"
     r"dish|vacuum|iron\b|steam|fryer|grill|food|juicer|kitchen|microwave|hood|airfryer|water|heater|purifier|"
     r"fan|humidifier|light|led\b|bulb|luminaire|torch|flashlight|lamp|pond|garden|pool|bicycle|swing|pump|"
     r"barbecue|cooking|bread"),
]

# A category and the attributes, as Icecat names them, of which any one gives it away; ``+`` asks for both.
_SIGNS: list[tuple[str, str]] = [
    ("Printing > Toner", "black_toner_page_yield colour_toner_page_yield"),
    ("Printing > Ink", "ink_type colour_ink_volume black_ink_volume colour_ink_page_yield black_ink_page_yield"),
    ("Toys > Games & Toys", "recommended_age__min_ recommended_age_group"),
    ("Cameras > Lenses & Accessories", "lens_structure__elements_groups_ fixed_focal_length filter_size"),
    ("Office > Labels", "label_colour label_type tape_width"),
    ("Displays > Projector Accessories", "lamp_type bulb_power"),
    ("Power > Batteries & Chargers", "charger_type charger_compatibility compatible_battery_technologies"),
    ("Networking > Switches & Modules", "switch_type mac_address_table"),
    ("Components > Motherboards", "motherboard_form_factor"),
    ("Computers > Laptops", "processor_model+display_diagonal"),
    ("Computers > Desktops", "processor_model"),
    ("Storage > SSDs", "ssd_capacity"),
    ("Storage > Hard Drives & Arrays", "hdd_capacity"),
    ("Displays > Monitors", "response_time native_aspect_ratio display_number_of_colours+viewing_angle__horizontal"),
    ("Printing > Printers", "print_technology maximum_printing_width__columns_ maximum_print_speed"),
    ("Cables > Other Cables & Connectors", "connector_1 connector_2 cable_colour"),
    ("Power > Surge Protectors", "surge_energy_rating ac_outlets_quantity"),
    ("Accessories > Keyboards & Mice", "movement_detection_technology key_layout keyboard_layout"),
    ("Accessories > Bags & Cases", "case_type"),
    ("Audio > Players & Radios", "supported_radio_bands tuner_type"),
]
# fmt: on


def category(title: str, product_type: str | None, description: str, attributes: Mapping[str, Any]) -> Category:
    """The path of the category, ``("Printing", "Toner")``; ``attributes`` by their raw names, whatever their kind."""
    words = title.lower()
    return (
        _by_type((product_type or "").lower())
        or _search(_STRONG_RULES, words)
        or _by_attributes(attributes)
        or _search(_STRONG_RULES, description.lower())
        or _search(_WEAK_RULES, f"{words} {product_type or ''} {description}".lower())
        or OTHER
    )


def _by_type(product_type: str) -> Category | None:
    return next((path for path, pattern in _TYPE_RULES if pattern.fullmatch(product_type)), None)


def _search(rules: list[tuple[Category, re.Pattern[str]]], text: str) -> Category | None:
    return next((path for path, pattern in rules if pattern.search(text)), None)


def _by_attributes(attributes: Mapping[str, Any]) -> Category | None:
    if attributes.get("type") == "Original" and "print_technology" in attributes:  # a cartridge, not its printer
        laser = "laser" in str(attributes["print_technology"]).lower()
        return ("Printing", "Toner") if laser else ("Printing", "Ink")
    names = attributes.keys()
    return next((path for path, signs in _SIGN_RULES if any(sign <= names for sign in signs)), None)


def _path(category: str) -> Category:
    return tuple(category.split(" > "))


def _compiled(rules: list[tuple[str, str]]) -> list[tuple[Category, re.Pattern[str]]]:
    return [(_path(category), re.compile(pattern)) for category, pattern in rules]


_TYPE_RULES = _compiled(_TYPES)
_STRONG_RULES = _compiled(_STRONG)
_WEAK_RULES = _compiled(_WEAK)
_SIGN_RULES = [(_path(category), [set(sign.split("+")) for sign in signs.split()]) for category, signs in _SIGNS]
