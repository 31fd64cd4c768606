//! Many at once: what they share, and what none of them can take from the others.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::ask::{Demo, TOKEN, connect};
use crate::support::{Site, route, until};

/// Sends requests over one connection, one after the other, and returns how many were answered 200.
fn over_one_connection(port: u16, count: usize) -> usize {
    let mut reader = BufReader::new(connect(port));
    let host = format!("localhost:{port}");
    (0..count)
        .filter(|_| {
            let request = format!("GET {TOKEN} HTTP/1.1\r\nhost: {host}\r\n\r\n");
            reader.get_mut().write_all(request.as_bytes()).unwrap();
            read_one(&mut reader) == 200
        })
        .count()
}

fn read_one(reader: &mut BufReader<TcpStream>) -> u16 {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(
            reader.read_line(&mut head).unwrap() > 0,
            "the connection ended: {head}"
        );
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_hundred_at_once_share_one_access_token_and_one_workspace() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let ask = demo.get(TOKEN);
    let start = Barrier::new(100);
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                start.wait();
                ask.clone().send().expect(200);
            });
        }
    });
    assert_eq!(site.count(route::TOKEN), 1);
    assert_eq!(site.count(route::WIDGET), 100);
    assert_eq!(site.seen("workspaces"), 1);
}

#[test]
fn a_thousand_requests_are_a_thousand_and_one_calls() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let port = demo.port;
    let answered: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..10)
            .map(|_| scope.spawn(|| over_one_connection(port, 100)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    assert_eq!(answered, 1000);
    assert_eq!(site.requests(), 1001);
    assert_eq!(site.count(route::TOKEN), 1);
    // A page that is asked for a thousand times does not fill the ledger.
    let lines = demo.home.ledger().lines().count();
    assert!((1..=3).contains(&lines), "{lines}");
}

#[test]
fn the_first_mint_of_a_user_goes_alone_and_its_failure_is_everybodys() {
    let site = Site::new(&["widget=status:403"]);
    let demo = Demo::before(&site, "");
    let ask = demo.get(TOKEN);
    let start = Barrier::new(20);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                start.wait();
                ask.clone().send().expect(502);
            });
        }
    });
    assert_eq!(site.count(route::TOKEN), 1);
    // Those that came while it was under way shared it; who came later tried again.
    assert!(site.count(route::WIDGET) <= 20);
}

#[test]
fn a_client_that_goes_away_takes_nothing_from_the_others() {
    let site = Site::new(&["token=delay:1500"]);
    let demo = Demo::before(&site, "");
    let host = format!("localhost:{}", demo.port);
    let mut leaving = demo.connect();
    write!(leaving, "GET {TOKEN} HTTP/1.1\r\nhost: {host}\r\n\r\n").unwrap();
    until("the access token is asked for", || {
        site.count(route::TOKEN) == 1
    });
    drop(leaving);
    demo.get(TOKEN).send().expect(200);
    assert_eq!(site.count(route::TOKEN), 1, "the fetch outlived its client");
    assert!(demo.home.ledger().contains("user-42"));
}

#[test]
fn clients_that_go_away_leave_no_place_taken() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let host = format!("localhost:{}", demo.port);
    for _ in 0..600 {
        let mut leaving = demo.connect();
        write!(leaving, "GET {TOKEN} HTTP/1.1\r\nhost: {host}\r\n\r\n").unwrap();
    }
    demo.get(TOKEN).send().expect(200);
    until("what they asked for has ended", || {
        let before = site.count(route::WIDGET);
        demo.get(TOKEN).send().expect(200);
        site.count(route::WIDGET) == before + 1
    });
}

#[test]
fn at_most_128_are_minted_at_once_and_the_page_is_served_meanwhile() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    demo.get(TOKEN).send().expect(200);
    site.fault("widget=hang");
    let before = site.count(route::WIDGET);
    let host = format!("localhost:{}", demo.port);
    let waiting: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = demo.connect();
            write!(stream, "GET {TOKEN} HTTP/1.1\r\nhost: {host}\r\n\r\n").unwrap();
            stream
        })
        .collect();
    until("128 are in flight", || {
        site.count(route::WIDGET) - before >= 128
    });
    // All that was asked for before this was seen before this; none of it has gone further.
    for _ in 0..20 {
        demo.get("/").send().expect(200);
    }
    assert_eq!(site.count(route::WIDGET) - before, 128);
    drop(waiting);
}

#[test]
fn slow_heads_hold_nobody_up() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let slow: Vec<TcpStream> = (0..400)
        .map(|_| {
            let mut stream = demo.connect();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: ").unwrap();
            stream
        })
        .collect();
    demo.get(TOKEN).send().expect(200);
    // Their heads have five seconds; then the connection ends.
    for mut stream in slow {
        let mut rest = Vec::new();
        let _reset = stream.read_to_end(&mut rest);
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"));
    }
}

#[test]
fn readers_who_take_nothing_hold_nobody_up() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let host = format!("localhost:{}", demo.port);
    let requests = format!("GET /demo.js HTTP/1.1\r\nhost: {host}\r\n\r\n").repeat(400);
    // More of them than there is room for, with more answers than a socket holds.
    let greedy: Vec<TcpStream> = (0..600)
        .map(|_| {
            let mut stream = demo.connect();
            rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 4096).unwrap();
            stream.set_nonblocking(true).unwrap();
            // What does not fit is as good as sent.
            let _full = stream.write(requests.as_bytes());
            stream
        })
        .collect();
    demo.get(TOKEN).send().expect(200);
    drop(greedy);
}

#[test]
#[ignore = "heavy: a thousand connections for a quarter of a minute"]
fn a_thousand_heads_of_a_byte_a_second_keep_nobody_out() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    assert_eq!(over_one_connection(demo.port, 1), 1);
    let slow: Vec<TcpStream> = (0..1_000).map(|_| demo.connect()).collect();
    let served = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let request = b"GET /api/widget_token HTTP/1.1\r\nhost: localhost\r\n\r\n";
            for byte in request.iter().cycle() {
                for mut stream in &slow {
                    let _ended = stream.write_all(&[*byte]);
                }
                if served.load(Ordering::Relaxed) {
                    break;
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        // More than there is room for: the newcomer waits until the first have had their five
        // seconds, and the next theirs.
        demo.get(TOKEN).send().expect(200);
        served.store(true, Ordering::Relaxed);
    });
    assert_eq!(site.count(route::WIDGET), 2);
    for mut stream in slow {
        let mut rest = Vec::new();
        let _reset = stream.read_to_end(&mut rest);
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"));
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "heavy: ten thousand connections"]
fn ten_thousand_that_go_away_leave_nothing_behind() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "-q");
    let host = format!("localhost:{}", demo.port);
    let leave = |rounds: usize| {
        for _ in 0..rounds {
            let mut leaving = demo.connect();
            write!(leaving, "GET {TOKEN} HTTP/1.1\r\nhost: {host}\r\n\r\n").unwrap();
        }
        until("what they asked for has ended", || {
            let before = site.count(route::WIDGET);
            demo.get(TOKEN).send().expect(200);
            site.count(route::WIDGET) == before + 1
        });
        held_by(demo.id())
    };
    let (files, memory) = leave(5_000);
    let (files_then, memory_then) = leave(10_000);
    // Connections to the API are kept, one for each of the 128 places.
    assert!(files_then < files + 150, "{files} files, then {files_then}");
    // A kilobyte kept of each would be ten MiB; how many were there at once makes some of it differ.
    assert!(
        memory_then < memory + (8 << 10),
        "{memory} KiB, then {memory_then}"
    );
}

/// How many files a process holds open, and how much memory, in KiB.
#[cfg(target_os = "linux")]
fn held_by(process: u32) -> (usize, usize) {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next())
        .unwrap();
    (files.count(), memory.parse().unwrap())
}
