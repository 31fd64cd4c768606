//! What the made-up rows are made of.

use fastrand::Rng;

pub(super) const FIRST_NAMES: &[&str] = &[
    "Ada", "Amara", "Bela", "Chidi", "Dana", "Elif", "Emil", "Farah", "Greta", "Hugo", "Ines",
    "Jonas", "Kaito", "Lena", "Mateo", "Noor", "Olga", "Priya", "Reda", "Sofia", "Tomas", "Uma",
    "Viktor", "Wanda", "Yusuf", "Zora",
];
pub(super) const LAST_NAMES: &[&str] = &[
    "Abara", "Bergman", "Castro", "Dvorak", "Eriksen", "Fischer", "Garcia", "Haddad", "Ivanova",
    "Jansen", "Keller", "Lindholm", "Moreau", "Novak", "Okafor", "Petrov", "Quinn", "Rossi",
    "Sato", "Tanaka", "Ueda", "Varga", "Weber", "Yilmaz", "Zhang",
];
pub(super) const TITLES: &[&str] = &["Dr.", "M.Sc.", "Miss", "Mr.", "Mrs.", "Ms.", "PhD"];
pub(super) const GENDERS: &[&str] = &["Female", "Fluid", "Male", "Other"];
pub(super) const LANGUAGES: &[&str] = &[
    "Arabic", "Czech", "Dutch", "English", "French", "German", "Hindi", "Italian", "Japanese",
    "Polish", "Spanish", "Turkish",
];
pub(super) const DEGREES: &[&str] = &["Bachelor", "Master", "PhD"];
pub(super) const NATIONALITIES: &[&str] = &[
    "American", "British", "Czech", "Dutch", "French", "German", "Indian", "Italian", "Japanese",
    "Nigerian", "Spanish", "Turkish",
];
pub(super) const OCCUPATIONS: &[&str] = &[
    "Accountant",
    "Baker",
    "Carpenter",
    "Dentist",
    "Electrician",
    "Farmer",
    "Gardener",
    "Joiner, Cabinet Maker",
    "Librarian",
    "Nurse",
    "Pilot",
    "Tailor",
    "Teacher",
    "\"Free\" Lancer",
];
pub(super) const BLOOD_TYPES: &[&str] = &["A+", "A−", "AB+", "AB−", "B+", "B−", "O+", "O−"];
pub(super) const STREETS: &[&str] = &[
    "Alder Lane",
    "Birch Street",
    "Cedar Avenue",
    "Harbour Road",
    "Mill Hill",
    "Orchard Way",
    "Quarry Path",
    "Station Road",
];
pub(super) const CITIES: &[&str] = &[
    "Ashford",
    "Brookfield",
    "Clearwater",
    "Eastport",
    "Fairview",
    "Glendale",
    "Lakewood",
    "Riverton",
];
pub(super) const STATES: &[&str] = &["California", "Maine", "Nevada", "Ohio", "Texas", "Vermont"];
pub(super) const COUNTRIES: &[&str] = &["CA", "DE", "ES", "FR", "GB", "IN", "JP", "US"];

/// Makes of cars, four models each.
const CARS: &[(&str, [&str; 4])] = &[
    ("Acura", ["Integra", "Legend", "NSX", "TL"]),
    ("Alfa Romeo", ["164", "Brera", "Giulia", "Spider"]),
    ("Audi", ["80", "A4", "Quattro", "TT"]),
    ("BMW", ["3 Series", "5 Series", "M3", "Z4"]),
    ("Buick", ["Century", "LeSabre", "Regal", "Riviera"]),
    ("Cadillac", ["CTS", "DeVille", "Eldorado", "Escalade"]),
    ("Chevrolet", ["Camaro", "Corvette", "Impala", "Tahoe"]),
    ("Chrysler", ["300", "LeBaron", "PT Cruiser", "Sebring"]),
    ("Dodge", ["Caravan", "Challenger", "Dakota", "Viper"]),
    ("Fiat", ["500", "Panda", "Punto", "Tipo"]),
    ("Ford", ["Escort", "Focus", "Mustang", "Taurus"]),
    ("Honda", ["Accord", "Civic", "CR-V", "Prelude"]),
    ("Hyundai", ["Accent", "Elantra", "Sonata", "Tucson"]),
    ("Jaguar", ["E-Type", "S-Type", "XF", "XJ"]),
    ("Jeep", ["Cherokee", "Compass", "Liberty", "Wrangler"]),
    ("Kia", ["Picanto", "Rio", "Sorento", "Sportage"]),
    ("Lexus", ["ES", "GS", "IS", "LS"]),
    ("Mazda", ["323", "626", "MX-5", "RX-7"]),
    ("Nissan", ["350Z", "Altima", "Leaf", "Maxima"]),
    ("Peugeot", ["205", "306", "406", "508"]),
    ("Renault", ["Clio", "Espace", "Mégane", "Twingo"]),
    ("Subaru", ["Forester", "Impreza", "Legacy", "Outback"]),
    ("Toyota", ["Camry", "Celica", "Corolla", "Prius"]),
    ("Volkswagen", ["Beetle", "Golf", "Passat", "Polo"]),
    ("Volvo", ["240", "850", "S60", "XC90"]),
];

/// How many cars there are.
pub(super) fn cars() -> u64 {
    CARS.iter().map(|(_, models)| models.len() as u64).sum()
}

/// Make and model of the car with this number, from 1.
pub(super) fn car(number: u64) -> (&'static str, &'static str) {
    let at = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    CARS.iter()
        .flat_map(|(make, models)| models.iter().map(|model| (*make, *model)))
        .nth(at)
        .unwrap_or_default()
}

/// One of these words.
pub(super) fn pick(rng: &mut Rng, words: &'static [&'static str]) -> &'static str {
    words.get(rng.usize(..words.len())).copied().unwrap_or("")
}
