//! An application that goes on working on the same tables, and knows what of
//! its rows must exist.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::{Bag, NEW, OLD, World};

/// Numbers that look like chance, and are the same for the same seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end.max(1)
    }

    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

/// What must exist, by the application's own books.
#[derive(Clone, Default)]
pub struct Books {
    /// Rows that it has put in and has neither changed nor deleted.
    pub live: Bag,
    /// Rows that it has changed or deleted: of each a copy may be kept that
    /// was being deleted at that moment.
    pub stale: Bag,
}

impl Books {
    pub fn open(rows: Bag) -> Books {
        Books { live: rows, stale: Bag::new() }
    }

    /// Panics unless each live row is in exactly one place, and nothing else
    /// is there but copies of stale ones, at most so many.
    pub fn agree(&self, rows: &Bag, copies: i64, what: &str) {
        let sum = |bag: &Bag| bag.values().sum::<i64>();
        let more = sum(rows) - sum(&self.live);
        assert!(more <= copies, "{more} copies, not {copies}\n{what}");
        for row in self.live.keys().chain(rows.keys()) {
            let of = |bag: &Bag| bag.get(row).copied().unwrap_or(0);
            let (least, there) = (of(&self.live), of(rows));
            let most = least + of(&self.stale);
            assert!(
                least <= there && there <= most,
                "{row}: {there} times, not {least} to {most}\n{what}"
            );
        }
    }

    fn put(&mut self, row: String) {
        *self.live.entry(row).or_default() += 1;
    }

    fn take(&mut self, row: String) {
        *self.live.entry(row.clone()).or_default() -= 1;
        *self.stale.entry(row).or_default() += 1;
    }
}

/// An application at work.
pub struct Application {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Books>,
}

impl Application {
    /// Begins to insert, change and delete rows of these tables.
    pub fn start(
        world: &World,
        tables: &'static [&'static str],
        seed: u64,
    ) -> Application {
        let stop = Arc::new(AtomicBool::new(false));
        let mut at_work = AtWork {
            db: world.connect(),
            tables,
            chance: Chance::new(seed),
            books: Books::open(world.all()),
            number: 0,
        };
        let ends = stop.clone();
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                at_work.act();
                std::thread::sleep(Duration::from_millis(3));
            }
            at_work.books
        });
        Application { stop, thread }
    }

    /// Comes to an end; gives its books.
    pub fn stop(self) -> Books {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

struct AtWork {
    db: Connection,
    tables: &'static [&'static str],
    chance: Chance,
    books: Books,
    number: u64,
}

impl AtWork {
    fn act(&mut self) {
        let table = self.chance.of(self.tables);
        self.number += 1;
        match self.chance.below(100) {
            0..50 => self.insert(table),
            50..75 => self.change(table),
            75..99 => self.delete(table),
            _ => self.db.execute_batch("VACUUM").unwrap(),
        }
    }

    fn insert(&mut self, table: &str) {
        let number = self.number;
        let day = self.chance.of(&[OLD[0], OLD[1], NEW]);
        let key = match table {
            "numbers" => format!("{}", 1_000_000 + number),
            _ => format!("app/{number}"),
        };
        let at = format!("{day}T11:00:00Z");
        let body = format!("app/{number}");
        let sql = format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4)");
        let values = (&key, number as i64, &at, &body);
        self.db.execute(&sql, values).unwrap();
        self.books.put(format!("{table}|{key}|{number}|{at}|{body}"));
    }

    /// Which row one statement took, as it was; `how` begins the statement.
    fn touch(&mut self, table: &str, how: &str) -> Option<[String; 4]> {
        let read = format!(
            "SELECT CAST(k AS TEXT), CAST(n AS TEXT), at, body FROM {table} \
             ORDER BY random() LIMIT 1"
        );
        let db = &mut self.db;
        let begun = rusqlite::TransactionBehavior::Immediate;
        let transaction = db.transaction_with_behavior(begun).unwrap();
        let row = transaction
            .query_row(&read, [], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })
            .optional()
            .unwrap();
        let row: [String; 4] = row?;
        // One of those that are like it, where there are several.
        let (which, limit) = match table {
            "bare" => ("k = ?1 AND n = CAST(?2 AS INT)", String::new()),
            _ => (
                "rowid",
                format!(
                    "= (SELECT rowid FROM {table} WHERE CAST(k AS TEXT) = ?1 \
                     AND n = CAST(?2 AS INT) AND body = ?3 AND at = ?4 LIMIT 1)"
                ),
            ),
        };
        let sql = format!("{how} WHERE {which} {limit}");
        let [k, n, at, body] = &row;
        let changed = match table {
            "bare" => transaction.execute(&sql, (k, n)),
            _ => transaction.execute(&sql, (k, n, body, at)),
        };
        assert_eq!(changed.unwrap(), 1);
        transaction.commit().unwrap();
        self.books.take(format!("{table}|{}", row.join("|")));
        Some(row)
    }

    fn change(&mut self, table: &str) {
        let body = format!("changed/{}", self.number);
        let how = format!("UPDATE {table} SET body = '{body}'");
        if let Some([k, n, at, _]) = self.touch(table, &how) {
            self.books.put(format!("{table}|{k}|{n}|{at}|{body}"));
        }
    }

    fn delete(&mut self, table: &str) {
        self.touch(table, &format!("DELETE FROM {table}"));
    }
}
