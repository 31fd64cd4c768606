//! Rows of the Sample Data source: users, products and purchases with the fields that the connector
//! documents, the same ones whenever the same seed asks.
//!
//! Each row depends on the seed and on its own number alone, so that a longer run begins with the
//! rows of a shorter one.

mod words;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::ids::Id;
use super::source::schema::Objection;

/// The connector's own name.
pub(super) const CONNECTOR: &str = "faker";

/// Most users that a source here may be asked for. A job is made in one go and kept in memory.
pub(super) const MOST_ROWS: u64 = 100_000;

/// Users when nothing else is configured.
const DEFAULT_COUNT: u64 = 1000;

/// 2000-01-01 and 2025-01-01 in epoch seconds: what is made up happened in between.
const PAST: (i64, i64) = (946_684_800, 1_735_689_600);
const DAY: i64 = 86_400;

/// One stream of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Users,
    Products,
    Purchases,
}

/// The streams, in the order in which they are read.
pub(super) const STREAMS: [Stream; 3] = [Stream::Users, Stream::Products, Stream::Purchases];

impl Stream {
    /// As the source calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Products => "products",
            Self::Purchases => "purchases",
        }
    }

    /// Its fields, in the order of its rows.
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Users => USERS,
            Self::Products => PRODUCTS,
            Self::Purchases => PURCHASES,
        }
    }
}

const USERS: &[&str] = &[
    "id",
    "created_at",
    "updated_at",
    "name",
    "title",
    "age",
    "email",
    "telephone",
    "gender",
    "language",
    "academic_degree",
    "nationality",
    "occupation",
    "height",
    "blood_type",
    "weight",
    "address",
];
const PRODUCTS: &[&str] = &[
    "id",
    "make",
    "model",
    "year",
    "price",
    "created_at",
    "updated_at",
];
const PURCHASES: &[&str] = &[
    "id",
    "user_id",
    "product_id",
    "created_at",
    "updated_at",
    "added_to_cart_at",
    "purchased_at",
    "returned_at",
];

/// A configured source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faker {
    count: u64,
    seed: u64,
    always_updated: bool,
}

impl Faker {
    /// Reads a configuration that the connector's schema has let through. Without a seed of its own, the source's
    /// id is the seed.
    pub(super) fn of(configuration: &Value, source: Id) -> Self {
        let seed = configuration.get("seed").and_then(Value::as_i64);
        Self {
            count: configuration
                .get("count")
                .and_then(Value::as_u64)
                .unwrap_or(DEFAULT_COUNT),
            seed: match seed {
                None | Some(-1) => source.number(),
                Some(seed) => seed.cast_unsigned(),
            },
            always_updated: configuration
                .get("always_updated")
                .and_then(Value::as_bool)
                .unwrap_or(true),
        }
    }

    /// Whether a second run gives everything again.
    pub(super) fn repeats(self) -> bool {
        self.always_updated
    }

    /// How many rows a stream has.
    pub(super) fn rows(self, stream: Stream) -> u64 {
        match stream {
            Stream::Users | Stream::Purchases => self.count,
            Stream::Products => self.count.min(words::cars()),
        }
    }

    /// The row with this number, from 1, as a run at this moment gives it.
    pub(super) fn row(self, stream: Stream, number: u64, at: Timestamp) -> Map<String, Value> {
        let mut rng = Rng::with_seed(mixed(self.seed, stream as u64, number));
        let created = rng.i64(PAST.0..PAST.1 - 400 * DAY);
        let updated = if self.always_updated {
            at.as_second()
        } else {
            created + rng.i64(0..300 * DAY)
        };
        let values = match stream {
            Stream::Users => user(&mut rng, number, created, updated),
            Stream::Products => product(number, created, updated),
            Stream::Purchases => self.purchase(&mut rng, number, created, updated),
        };
        let names = stream.fields().iter().map(|name| (*name).to_owned());
        names.zip(values).collect()
    }

    /// One for each user: put into the cart; bought, mostly; sometimes brought back.
    fn purchase(self, rng: &mut Rng, number: u64, created: i64, updated: i64) -> Vec<Value> {
        let bought = rng.u8(0..100) < 70;
        let returned = bought && rng.u8(0..100) < 15;
        let bought_at = created + rng.i64(60..3600);
        vec![
            json!(number),
            json!(number),
            json!(rng.u64(0..self.rows(Stream::Products).max(1)) + 1),
            time(created),
            time(updated),
            time(created),
            bought.then(|| time(bought_at)).into(),
            returned
                .then(|| time(bought_at + rng.i64(DAY..90 * DAY)))
                .into(),
        ]
    }
}

fn user(rng: &mut Rng, number: u64, created: i64, updated: i64) -> Vec<Value> {
    let mut one_of = |words| words::pick(rng, words);
    let (first, last) = (one_of(words::FIRST_NAMES), one_of(words::LAST_NAMES));
    let email = format!("{first}.{last}{number}@example.com").to_ascii_lowercase();
    let (title, gender) = (one_of(words::TITLES), one_of(words::GENDERS));
    let (language, nationality) = (one_of(words::LANGUAGES), one_of(words::NATIONALITIES));
    let (degree, occupation) = (one_of(words::DEGREES), one_of(words::OCCUPATIONS));
    let (blood, street) = (one_of(words::BLOOD_TYPES), one_of(words::STREETS));
    let (city, state) = (one_of(words::CITIES), one_of(words::STATES));
    let (country, age) = (one_of(words::COUNTRIES), rng.u32(18..80));
    let height = format!("1.{:02}", rng.u32(50..100));
    let telephone = format!("+1-555-{:03}-{:04}", rng.u32(100..1000), rng.u32(0..10_000));
    let (house, postal_code) = (rng.u32(1..2000), rng.u32(10_000..100_000));
    vec![
        json!(number),
        time(created),
        time(updated),
        json!(format!("{first} {last}")),
        json!(title),
        json!(age),
        json!(email),
        json!(telephone),
        json!(gender),
        json!(language),
        json!(degree),
        json!(nationality),
        json!(occupation),
        json!(height),
        json!(blood),
        json!(rng.u32(45..120)),
        json!({
            "street_number": house.to_string(),
            "street_name": street,
            "city": city,
            "state": state,
            "province": state,
            "postal_code": postal_code.to_string(),
            "country_code": country,
        }),
    ]
}

/// The catalogue is fixed: the same cars at the same prices under every seed.
fn product(number: u64, created: i64, updated: i64) -> Vec<Value> {
    let (make, model) = words::car(number);
    let (year, price) = (1990 + number * 7 % 33, 1500 + number * 7919 % 68_500);
    vec![
        json!(number),
        json!(make),
        json!(model),
        json!(year),
        json!(price),
        time(created),
        time(updated),
    ]
}

fn time(seconds: i64) -> Value {
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    json!(moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
}

/// A seed for one row of one stream: neighbours must not look alike.
pub(super) fn mixed(seed: u64, stream: u64, number: u64) -> u64 {
    let mut value = seed ^ stream.rotate_left(48) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// What the sandbox objects to beyond the connector's schema: more users than it makes.
pub(super) fn check(configuration: &Value) -> Option<Objection> {
    let count = configuration.get("count").and_then(Value::as_u64)?;
    (count > MOST_ROWS).then(|| Objection {
        place: "count".to_owned(),
        says: format!("the sandbox makes up to {MOST_ROWS} users"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faker(configuration: &Value) -> Faker {
        Faker::of(configuration, Id::NONE)
    }

    #[test]
    fn counts_are_what_was_asked_for() {
        for (count, products) in [(1, 1), (99, 99), (100, 100), (2500, 100)] {
            let faker = faker(&json!({"count": count}));
            assert_eq!(faker.rows(Stream::Users), count);
            assert_eq!(faker.rows(Stream::Purchases), count);
            assert_eq!(faker.rows(Stream::Products), products);
        }
        assert_eq!(faker(&json!({})).rows(Stream::Users), 1000);
    }

    #[test]
    fn a_seed_gives_the_same_rows_and_another_gives_others() {
        let at = Timestamp::from_second(1_795_428_000).unwrap();
        let row = |seed, stream, number| faker(&json!({"seed": seed})).row(stream, number, at);
        for stream in STREAMS {
            assert_eq!(row(1, stream, 7), row(1, stream, 7));
            assert_ne!(row(1, stream, 7), row(1, stream, 8));
            assert_ne!(row(1, stream, 7), row(2, stream, 7));
        }
        let longer = faker(&json!({"seed": 1, "count": 5})).row(Stream::Users, 1, at);
        assert_eq!(longer, row(1, Stream::Users, 1));
        let car = |seed| row(seed, Stream::Products, 3)["model"].clone();
        assert_eq!(car(1), car(2), "the catalogue is fixed");
    }

    #[test]
    fn rows_have_the_documented_fields_and_types() {
        let at = Timestamp::from_second(1_795_428_000).unwrap();
        let faker = faker(&json!({"seed": 3, "count": 400}));
        for stream in STREAMS {
            let row = faker.row(stream, 1, at);
            assert_eq!(row.keys().collect::<Vec<_>>(), stream.fields());
            assert_eq!(row["updated_at"], "2026-11-23T10:00:00+00:00");
        }
        let user = faker.row(Stream::Users, 2, at);
        assert!(user["age"].is_u64() && user["weight"].is_u64() && user["height"].is_string());
        assert_eq!(user["address"].as_object().unwrap().len(), 7);
        let purchases: Vec<_> = (1..=400)
            .map(|number| faker.row(Stream::Purchases, number, at))
            .collect();
        let with = |name| purchases.iter().filter(|row| row[name].is_string()).count();
        assert!((240..320).contains(&with("purchased_at")));
        assert!((20..70).contains(&with("returned_at")));
        assert!(
            purchases
                .iter()
                .all(|row| row["product_id"].as_u64().unwrap() <= 100)
        );
        let old = Faker::of(&json!({"always_updated": false}), Id::NONE);
        assert_ne!(
            old.row(Stream::Users, 1, at)["updated_at"],
            user["updated_at"]
        );
    }

    #[test]
    fn more_users_than_can_be_made_are_refused() {
        assert_eq!(check(&json!({"count": MOST_ROWS})), None);
        let refused = check(&json!({"count": MOST_ROWS + 1})).unwrap();
        assert_eq!(
            refused.to_string(),
            "$.count: the sandbox makes up to 100000 users"
        );
    }
}
