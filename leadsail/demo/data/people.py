"""Who the demo's leads are and where they live. Who lives where no fictional numbers exist took one along from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """`numbers` is a US area code, "london" or "sydney"; `zone` is set where the number does not tell the zone."""

    city: str
    state: str
    zip: str
    country: str
    numbers: str
    names: str
    zone: str = ""

    @property
    def people(self) -> list[tuple[str, str]]:
        return [(first, last) for first, _, last in (name.strip().partition(" ") for name in self.names.split(","))]

    @property
    def campaign(self) -> str:
        return {"london": "london", "sydney": "pacific"}.get(self.numbers, "kitchens")


UNITED_STATES = (
    Place("New York", "NY", "10001", "US", "212", "Rachel Goldberg, Marcus Johnson, Luz Hernández, Wei Chen"),
    Place("Boston", "MA", "02108", "US", "617", "Siobhan O'Connor, Peter Kowalski, Ana Ferreira, Daniel Cho"),
    Place("Miami", "FL", "33101", "US", "305", "Carlos Delgado, Yolanda Pierre, Jessica Reyes, Andre Baptiste"),
    Place("Atlanta", "GA", "30303", "US", "404", "Denise Washington, Tyrone Banks, Priya Nair, Cole Sutherland"),
    Place("Detroit", "MI", "48226", "US", "313", "Layla Haddad, Eugene Price, Monica Zielinski, Omar Saleh"),
    Place("Chicago", "IL", "60601", "US", "312", "Katarzyna Nowak, James Whitaker, Deepa Menon, Luis Ortega"),
    Place("Houston", "TX", "77002", "US", "713", "Thu Nguyen, Robert Castillo, Chinwe Eze, Brenda Kay Miller"),
    Place("New Orleans", "LA", "70112", "US", "504", "Antoine Broussard, Simone Leclerc, Earl Fontenot, Grace Landry"),
    Place("Nashville", "TN", "37203", "US", "615", "Dolly Hargrove, Travis Boone, Imani Carter, Wyatt Coleman"),
    Place("Minneapolis", "MN", "55401", "US", "612", "Ingrid Halvorsen, Abdi Warsame, Pa Houa Vang, Nils Lindgren"),
    Place("Denver", "CO", "80202", "US", "303", "Hannah Fischer, Miguel Trujillo, Sage Whitehorse, Connor Walsh"),
    Place("Phoenix", "AZ", "85004", "US", "602", "Rosa Begay, Steven Kimball, Guadalupe Ruiz, Harold Fine"),
    Place("Salt Lake City", "UT", "84101", "US", "801", "Emma Christensen, Sione Tupou, Bryce Jensen, Lupe Fifita"),
    Place("Los Angeles", "CA", "90012", "US", "213", "Ji-woo Park, Armen Petrosyan, Valeria Montes, Keisha Brooks"),
    Place("San Francisco", "CA", "94103", "US", "415", "Mei-Ling Wong, Arjun Patel, Noah Silverman, Esperanza Cruz"),
    Place("Seattle", "WA", "98101", "US", "206", "Kenji Nakamura, Astrid Larsen, Samuel Tesfaye, Olga Petrenko"),
    Place("Portland", "OR", "97204", "US", "503", "Juniper Hayes, Felix Baumann, Tala Santos, Reed Morrison"),
    Place("Las Vegas", "NV", "89101", "US", "702", "Vince Moretti, Crystal Dang, Hiram Pacheco, Jolene Adkins"),
    Place("Anchorage", "AK", "99501", "US", "907", "Nanuq Ivanoff, Teresa Moses"),
    Place("Honolulu", "HI", "96813", "US", "808", "Keoni Kahale, Leilani Akana, Grant Yamashiro"),
)
BRITAIN = (
    Place(
        "London",
        "",
        "SE1 9SG",
        "GB",
        "london",
        "Oliver Bennett, Amara Osei, Harriet Cole, Rajesh Iyer, Zofia Mazur, Kwame Mensah",
    ),
    Place("Manchester", "", "M1 1AE", "GB", "london", "Gareth Pugh, Aisha Rahman"),
    Place("Edinburgh", "", "EH1 1YZ", "GB", "london", "Fiona MacLeod, Callum Ross"),
    Place("Cardiff", "", "CF10 1EP", "GB", "london", "Rhiannon Davies"),
)
AUSTRALIA = (
    Place(
        "Sydney", "NSW", "2000", "AU", "sydney", "Matilda Hughes, Jack Thornton, Linh Tran, Ravi Chandran, Chloe Papas"
    ),
    Place("Perth", "WA", "6000", "AU", "sydney", "Darcy McBride, Nadia Karim", "Australia/Perth"),
    Place("Adelaide", "SA", "5000", "AU", "sydney", "Lachlan Weber", "Australia/Adelaide"),
    Place("Brisbane", "QLD", "4000", "AU", "sydney", "Isla Campbell, Tane Rewi", "Australia/Brisbane"),
)
WORLD = (
    Place("Reykjavík", "", "101", "IS", "london", "Björk Jónsdóttir", "Atlantic/Reykjavik"),
    Place("Casablanca", "", "20000", "MA", "london", "يوسف العلوي", "Africa/Casablanca"),
    Place("Lagos", "", "100001", "NG", "london", "Ngozi Adeyemi, Tunde Balogun", "Africa/Lagos"),
    Place("Berlin", "", "10115", "DE", "london", "Jürgen Groß, Anna Meyer", "Europe/Berlin"),
    Place("Warsaw", "", "00-001", "PL", "london", "Małgorzata Wiśniewska", "Europe/Warsaw"),
    Place("Athens", "", "105 57", "GR", "london", "Νίκος Παπαδόπουλος, Ελένη Γεωργίου", "Europe/Athens"),
    Place("Kyiv", "", "01001", "UA", "london", "Оксана Шевченко", "Europe/Kyiv"),
    Place("Istanbul", "", "34000", "TR", "london", "Ayşe Yılmaz", "Europe/Istanbul"),
    Place("Jerusalem", "", "91000", "IL", "london", "נועה לוי, דוד כהן", "Asia/Jerusalem"),
    Place("Cairo", "", "11511", "EG", "london", "فاطمة حسن", "Africa/Cairo"),
    Place("Nairobi", "", "00100", "KE", "london", "Wanjiru Kamau", "Africa/Nairobi"),
    Place("Tehran", "", "11369", "IR", "london", "شیرین رضایی", "Asia/Tehran"),
    Place("Dubai", "", "", "AE", "london", "محمد الفارسي, Zainab Qureshi", "Asia/Dubai"),
    Place("Tbilisi", "", "0105", "GE", "london", "ნინო ბერიძე", "Asia/Tbilisi"),
    Place("Karachi", "", "74000", "PK", "london", "Bilal Ahmed", "Asia/Karachi"),
    Place("Kolkata", "WB", "700001", "IN", "sydney", "অনির্বাণ সেন, अनीता शर्मा", "Asia/Kolkata"),
    Place("Kathmandu", "", "44600", "NP", "sydney", "सुनिता गुरुङ", "Asia/Kathmandu"),
    Place("Yangon", "", "11181", "MM", "sydney", "Thiri Aung", "Asia/Yangon"),
    Place("Bangkok", "", "10200", "TH", "sydney", "สมชาย ใจดี", "Asia/Bangkok"),
    Place("Singapore", "", "018956", "SG", "sydney", "Tan Hui Min", "Asia/Singapore"),
    Place("Seoul", "", "04524", "KR", "sydney", "민준 김", "Asia/Seoul"),
    Place("Tokyo", "", "100-0001", "JP", "sydney", "太郎 山田, さくら 佐藤", "Asia/Tokyo"),
    Place("Taipei", "", "100", "TW", "sydney", "怡君 陳", "Asia/Taipei"),
    Place("Auckland", "", "1010", "NZ", "sydney", "Aroha Ngata, Hamish Clarke", "Pacific/Auckland"),
    Place("Waitangi", "", "8942", "NZ", "sydney", "Mere Solomon", "Pacific/Chatham"),
    Place("Apia", "", "", "WS", "sydney", "Sina Leota", "Pacific/Apia"),
    Place("Kiritimati", "", "", "KI", "sydney", "Teresia Tabuia", "Pacific/Kiritimati"),
    Place("São Paulo", "SP", "01000-000", "BR", "212", "João da Silva, Beatriz Araújo", "America/Sao_Paulo"),
    Place("Buenos Aires", "", "C1002", "AR", "305", "Martín Ibáñez", "America/Argentina/Buenos_Aires"),
    Place("Mexico City", "", "06000", "MX", "713", "Ximena Núñez", "America/Mexico_City"),
    Place("Bogotá", "", "110111", "CO", "305", "Camilo Restrepo", "America/Bogota"),
    Place("St. John's", "NL", "A1C 1A1", "CA", "617", "Moira Power", "America/St_Johns"),
    Place("Vancouver", "BC", "V6B 1A1", "CA", "206", "Gurpreet Gill", "America/Vancouver"),
    Place("Papeete", "", "98714", "PF", "808", "Hinano Teriitahi", "Pacific/Tahiti"),
)
PLACES = UNITED_STATES + BRITAIN + AUSTRALIA + WORLD

# Of a number that is not magic, the sandbox decides by a mix: with these last two digits a second call may end otherwise.
MIXED_ENDINGS = (*range(19, 30), *range(70, 100))

STREETS = ("Harbour Street", "Mill Lane", "Station Road", "Cedar Avenue", "Market Square", "Hill View", "Orchard Way")
SOURCES = ("website", "referral", "trade fair", "Google Ads", "Instagram", "walk-in", "partner")
TAGS = ("hot", "price-sensitive", "returning customer", "showroom visit", "architect", "new build", "rental flat")
STYLES = ("Shaker", "handleless", "farmhouse", "industrial", "oak classic")
BUDGETS = ("under 10,000", "10,000 to 20,000", "20,000 to 35,000", "open")
MONTHS = ("January", "March", "May", "June", "September", "November")

TEST_LEADS = (("Tess", "Rehearsal"), ("Max", "Rehearsal"), ("Robin", "Rehearsal"))
LISTED_BY_HAND = (
    "Asked at the counter to stay off the list",
    "Letter of objection",
    "Number now belongs to somebody else",
)
NOTES = (
    "Has the floor plan ready and will bring it along.",
    "Prefers calls after lunch.",
    "Partner decides as well; invite both.",
    "Compared us with two other offers, price is the question.",
    "Old kitchen goes to the cousin, so no removal needed.",
    "Wants an induction hob and a very quiet extractor.",
    "Sends photos of the room by e-mail.",
    "Moving date not certain yet, builder is late.",
    "Recommended by the Thornton family.",
    "Speaks little English; the second number is the daughter's.",
)
