//! Remotes of every kind, on loopback, each with an address of its own.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::world::{World, until};
use crate::support::{Cmd, system};

/// A server that ends with the test.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Server {
    /// Starts one that is told the port, and waits until it listens.
    pub fn start(command: impl Fn(u16) -> Command) -> Server {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let child = command(port)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server { child, port };
        let address = ([127, 0, 0, 1], port).into();
        let wait = Duration::from_millis(200);
        until("the server listens", || {
            TcpStream::connect_timeout(&address, wait).is_ok()
        });
        server
    }
}

/// A remote: what rclone calls it, and what it is to know of it.
pub struct Remote {
    pub name: &'static str,
    settings: Vec<(String, String)>,
    /// How copies are looked at there.
    pub checked: &'static str,
    _server: Option<Server>,
}

impl Remote {
    /// A folder.
    pub fn folder() -> Remote {
        let (name, checked) = ("remote", "hash");
        Remote { name, settings: Vec::new(), checked, _server: None }
    }

    fn of(
        name: &'static str,
        checked: &'static str,
        settings: &[(&str, &str)],
        server: Server,
    ) -> Remote {
        let setting = |(key, value): &(&str, &str)| {
            let value = value.replace("PORT", &server.port.to_string());
            (format!("RCLONE_CONFIG_R_{key}"), value)
        };
        let settings = settings.iter().map(setting).collect();
        Remote { name, settings, checked, _server: Some(server) }
    }

    /// What rclone serves as WebDAV, which tells no hashes.
    pub fn webdav(world: &World) -> Remote {
        let server = Server::start(|port| rclone(world, "webdav", port));
        let url = ("URL", "http://127.0.0.1:PORT");
        let settings = [("TYPE", "webdav"), url, ("VENDOR", "other")];
        Remote::of("r:a/b", "download", &settings, server)
    }

    /// What rclone serves as SFTP.
    pub fn sftp(world: &World) -> Remote {
        let server = Server::start(|port| {
            let mut command = rclone(world, "sftp", port);
            command.args(["--user", "u", "--pass", "p"]);
            command
        });
        let pass = world.cmd("rclone").args(["obscure", "p"]).run();
        let pass = pass.stdout.trim();
        let place = [("HOST", "127.0.0.1"), ("PORT", "PORT")];
        let user = [("TYPE", "sftp"), ("USER", "u"), ("PASS", pass)];
        let settings = [&place[..], &user[..]].concat();
        Remote::of("r:a", "hash", &settings, server)
    }

    /// A server that speaks S3, if moto's is installed.
    pub fn s3() -> Option<Remote> {
        system("moto_server")?;
        let server = Server::start(|port| {
            let mut command = system("moto_server").unwrap();
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            command
        });
        let keys = [("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "s")];
        let place = [
            ("TYPE", "s3"),
            ("PROVIDER", "Other"),
            ("ENDPOINT", "http://127.0.0.1:PORT"),
            ("REGION", "us-east-1"),
        ];
        let settings = [&place[..], &keys[..]].concat();
        Some(Remote::of("r:bucket/a", "hash", &settings, server))
    }

    /// An encrypted one, over a folder.
    pub fn crypt(world: &World) -> Remote {
        let pass = world.cmd("rclone").args(["obscure", "p"]).run();
        let setting = |key: &str, value: &str| {
            (format!("RCLONE_CONFIG_R_{key}"), value.to_owned())
        };
        let folder = world.dir.join("remote");
        let settings = vec![
            setting("TYPE", "crypt"),
            setting("REMOTE", folder.to_str().unwrap()),
            setting("PASSWORD", pass.stdout.trim()),
        ];
        Remote { name: "r:", settings, checked: "crypt", _server: None }
    }

    /// The command with what rclone is to know.
    pub fn told<'w>(&self, cmd: Cmd<'w>) -> Cmd<'w> {
        self.settings.iter().fold(cmd, |cmd, (key, value)| cmd.env(key, value))
    }
}

fn rclone(world: &World, what: &str, port: u16) -> Command {
    world.dir.folder("served");
    let address = format!("127.0.0.1:{port}");
    let cmd = world.cmd("rclone").args(["serve", what, "served", "--addr"]);
    cmd.arg(address).command()
}
