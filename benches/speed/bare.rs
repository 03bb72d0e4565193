//! The client to compare with: one thread, non-blocking sockets, frames made beforehand, nothing checked but that the
//! whole answer has come, nothing recorded.
//!
//! Transfers that share a gateway are one lane, done one after the other: a gateway answers one request at a time.

use std::{
    fs,
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Registry, Token, net::TcpStream};

use crate::{
    frames::{self, Request},
    shape::{Map, Shape},
};

/// What a lane may have open: the gateway of its sources and that of its targets.
const CONNECTIONS: usize = 2;
/// More than the longest answer.
const ROOM: usize = 256;

struct Lane {
    requests: Vec<(usize, Request)>,
    at: usize,
    sockets: [SocketAddr; CONNECTIONS],
    streams: [Option<TcpStream>; CONNECTIONS],
    received: usize,
}

pub fn client(shape: &str, map: &str, at_a_time: usize) {
    let shape: Shape = serde_json::from_str(shape).unwrap();
    let map: Map = serde_json::from_str(&fs::read_to_string(map).unwrap()).unwrap();
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut lanes = lanes(&shape, &map.sockets());
    let began = Instant::now();
    work(&mut lanes, at_a_time).unwrap();
    println!("{}", elapsed_ms(began.elapsed()));
}

fn elapsed_ms(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1_000.0
}

fn lanes(shape: &Shape, sockets: &[SocketAddr]) -> Vec<Lane> {
    let number = if shape.together { shape.gateways } else { shape.gateways / 2 };
    let mut lanes: Vec<Lane> = Vec::with_capacity(number);
    for transfer in 0..shape.transfers {
        let (source, target) = (shape.source(transfer), shape.target(transfer));
        if lanes.len() < number {
            let sockets = [sockets[source.gateway], sockets[target.gateway]];
            lanes.push(Lane { requests: Vec::new(), at: 0, sockets, streams: [None, None], received: 0 });
        }
        let connection = |request: &Request| usize::from(!shape.together && request.to == target);
        let requests = frames::of(shape, transfer).into_iter();
        lanes[transfer % number].requests.extend(requests.map(|request| (connection(&request), request)));
    }
    lanes
}

fn work(lanes: &mut [Lane], at_a_time: usize) -> io::Result<()> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let mut next = at_a_time.min(lanes.len());
    let mut left = lanes.len();
    for (number, lane) in lanes[..next].iter_mut().enumerate() {
        lane.ask(number, poll.registry())?;
    }
    while left > 0 {
        poll.poll(&mut events, None)?;
        for event in &events {
            let number = event.token().0 / CONNECTIONS;
            let lane = &mut lanes[number];
            if lane.is_over() || event.token().0 % CONNECTIONS != lane.connection() {
                continue;
            }
            if event.is_readable() && lane.hear()? {
                if !lane.is_over() {
                    lane.ask(number, poll.registry())?;
                    continue;
                }
                left -= 1;
                if next < lanes.len() {
                    lanes[next].ask(next, poll.registry())?;
                    next += 1;
                }
            } else if event.is_writable() && lane.received == 0 {
                lane.connected(poll.registry(), event.token())?;
            }
        }
    }
    Ok(())
}

impl Lane {
    fn is_over(&self) -> bool {
        self.at == self.requests.len()
    }

    fn connection(&self) -> usize {
        self.requests[self.at].0
    }

    /// Sends the next request, or connects first.
    fn ask(&mut self, number: usize, registry: &Registry) -> io::Result<()> {
        let connection = self.connection();
        match &mut self.streams[connection] {
            Some(_) => self.send(),
            empty => {
                let mut stream = TcpStream::connect(self.sockets[connection])?;
                registry.register(
                    &mut stream,
                    Token(number * CONNECTIONS + connection),
                    Interest::WRITABLE,
                )?;
                *empty = Some(stream);
                Ok(())
            }
        }
    }

    /// The connection is there: from now on only answers matter.
    fn connected(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let connection = self.connection();
        let stream = self.streams[connection].as_mut().expect("it was just made");
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        registry.reregister(stream, token, Interest::READABLE)?;
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        let (connection, request) = &self.requests[self.at];
        self.streams[*connection].as_mut().expect("it is connected").write_all(&request.frame)
    }

    /// Whether the whole answer has come; then the next request is due.
    fn hear(&mut self) -> io::Result<bool> {
        let (connection, request) = &self.requests[self.at];
        let stream = self.streams[*connection].as_mut().expect("it is connected");
        match stream.read(&mut [0; ROOM]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => self.received += bytes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        if self.received < request.answer {
            return Ok(false);
        }
        assert_eq!(self.received, request.answer, "an answer of another length to {:02X?}", request.frame);
        self.received = 0;
        self.at += 1;
        if self.is_over() {
            self.streams = [None, None];
        }
        Ok(true)
    }
}
