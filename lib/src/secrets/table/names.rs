//! What is guessed by the name beside it, in version 2.

use super::shapes::assigned;
use crate::secrets::kinds::Pattern;
use crate::secrets::kinds::Start::{Apart, Part, Password, Word};
use crate::secrets::spared::Spared;

/// The names that people and programs give to what they hide.
pub(super) static NAMES: &[Pattern] = &[
    Pattern::new(
        "password",
        &[
            "passw", "Passw", "PASSW", "passp", "Passp", "PASSP", "passc",
            "Passc", "PASSC", "pwd", "Pwd", "PWD",
        ],
        "(?:[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Pp]ass(?:phrase|c\
         ode)|PASS(?:PHRASE|CODE)|[Pp]wd|PWD)[\"'][ \\t]*(?:=>|\
         [:=])[ \\t]*\"([^\\s\"\\\\,}\\]:\\[](?:[^\"\\\\\\r\\n]|\\\\[^\"'])*)",
        &[
            "{\"password\": \"correct horse\"}",
            "\"dbPassword\":\"x\\u0041y\"",
            "\"passcode\":\"q w\"",
        ],
        &[
            "{\"password\": \"\"}",
            "{\"password\": 12345678}",
            "\"password\"",
            "{\"password\": \"string\"}",
        ],
    )
    .guess()
    .since(2)
    .until(2)
    .spares(Spared::Names),
    Pattern::new(
        "password",
        &[
            "passw", "Passw", "PASSW", "passp", "Passp", "PASSP", "passc",
            "Passc", "PASSC", "pwd", "Pwd", "PWD",
        ],
        assigned!(
            "[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Pp]ass(?:phrase|code\
         )|PASS(?:PHRASE|CODE)|[Pp]wd|PWD",
            "[^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*][^\\s\"'\\\\,;&]{5,}"
        ),
        &[
            "DB_PASSWORD=hunter22",
            "Pwd=s3cr3t-x;",
            "password: 'swordfish'",
            "passcode=<16>",
        ],
        &[
            "PWD=/home/user/x",
            "password: short",
            "password=$DB_PASSWORD",
            "{\"password\": 12345678}",
            "password: userPassword",
            "password=get_password(x1)",
            "password: config.dbPassword",
            "name:passwd:UID:GID",
            "USER_PASSWORD: oid::ObjectIdentifier",
        ],
    )
    .guess()
    .since(2)
    .until(2)
    .spares(Spared::Names),
    Pattern::new(
        "password",
        &["pass", "Pass"],
        assigned!(
            "[Pp]ass",
            "[^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*][^\\s\"'\\\\,;&]{5,}"
        ),
        &["pass: <16>", "\"pass\": \"<12>\"", "db_pass=<16>"],
        &["bypass=<16>", "pass: 12/12", "pass: everything", "pass=<5>"],
    )
    .guess()
    .since(2)
    .until(2)
    .start(Part)
    .spares(Spared::Names),
    // In capitals behind a colon and a blank the name of a test that passed
    // stands.
    Pattern::new(
        "password",
        &["PASS"],
        "PASS(?:[\"'][ \\t]*(?:=>|[:=])[ \\t]*[\"']|[ \\t]*(?:=>|:=|=)[ \\t]*[\"']?\
         |:[\"']?)([^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*][^\\s\"'\\\\,;&]{5,})",
        &["DB_PASS=<16>", "\"DB_PASS\": \"<12>\"", "PASS='<12>'"],
        &["PASS: ld-elf/pr-12345", "BYPASS=<16>", "PASS=<5>", "PASS test-1"],
    )
    .guess()
    .since(2)
    .until(2)
    .start(Part)
    .spares(Spared::Names),
    Pattern::new(
        "password",
        &["--pass"],
        "--pass(?:w(?:or)?d|phrase|code)?(?:=|[ \\t]+|[\"'],[ \\t\
         ]*[\"'])[\"']?([^\\s\"'\\\\,;&<>(){}\\[\\]$*-][^\\s\"'\\\\]{5,})",
        &[
            "psql --password <20>",
            "--passphrase=<12>",
            "[\"--password\", \"<12>\"]",
        ],
        &["--password <5>", "--password prompt", "--password $DB_PASSWORD"],
    )
    .guess()
    .since(2)
    .until(2)
    .spares(Spared::Names),
    Pattern::new(
        "password",
        &["-u", "--user", "--proxy-user"],
        "-(?:u|-user|-proxy-user)(?:=|[ \\t]*)[\"']?[^\\s\"'\\\\:/<\
         >]{1,64}:([^\\s\"'\\\\/$<>\\[][^\\s\"'\\\\]{5,})",
        &[
            "curl -u admin:<20> https://x",
            "curl --user admin:<12> x",
            "curl -u 'a:<12>'",
        ],
        &["sort -u a:<4>", "docker run -u 1000:1000 x", "-u name:password"],
    )
    .guess()
    .since(2)
    .until(2)
    .start(Apart)
    .spares(Spared::Names),
    Pattern::new(
        "password",
        &["machine"],
        "machine\\s+[^\\s\"'\\\\]{1,200}\\s+login\\s+[^\\s\"'\\\\]{1,200\
         }\\s+password\\s+([^\\s\"'\\\\\\[][^\\s\"'\\\\]{2,})",
        &[
            "machine x login u password <16>",
            "machine h.org
  login l
  password <8>",
        ],
        &["machine x login u", "the machine login password"],
    )
    .guess()
    .since(2)
    .until(2)
    .start(Word),
    Pattern::new(
        "password",
        &["@tcp(", "@unix("],
        "()@(?:tcp|unix)\\(",
        &["root:<14>@tcp(127.0.0.1:3306)/app", "u:<8>@unix(/run/x)/d"],
        &["root@tcp(127.0.0.1)", "@tcp(x)"],
    )
    .guess()
    .since(2)
    .until(2)
    .start(Password),
    Pattern::new(
        "cookie",
        &["ookie", "OOKIE"],
        "(?:ookie|OOKIE)[\"']?[ \\t]*:[ \\t]*[\"']?([A-Za-z0-9_.!\
         ~*-]{1,64}=[^\\s\"'\\\\<;]{4,}(?:; ?[A-Za-z0-9_.!~*-]{1,\
         64}=[^\\s\"'\\\\<;]{4,})*)",
        &[
            "Cookie: sessionid=<32>",
            "Set-Cookie: connect.sid=s%3A<32>.<43>; Path=/",
            "\"cookie\": \"a=<20>; b=<20>\"",
        ],
        &["cookie: none", "cookies=<20>", "Cookie: a=1"],
    )
    .guess()
    .since(2)
    .until(2),
    Pattern::new(
        "registry-auth",
        &["auth"],
        "auth[\"'][ \\t]*:[ \\t]*[\"']([A-Za-z0-9+/]{12,}={0,2})",
        &["{\"auths\":{\"r\":{\"auth\":\"<40>\"}}}", "\"auth\": \"<22>==\""],
        &["\"auth\": \"required\"", "\"auths\": \"<40>\""],
    )
    .guess()
    .since(2)
    .until(2)
    .start(Word)
    .mixed(),
    Pattern::new(
        "registry-auth",
        &["_auth"],
        "_auth(?:Token)?[ \\t]*=[ \\t]*[\"']?([A-Za-z0-9+/_.-]{1\
         2,}={0,2})",
        &["//r/:_authToken=<36>", "_auth = <40>=="],
        &["_auth=<11>", "_authToken=${NPM_TOKEN}"],
    )
    .guess()
    .since(2)
    .until(2)
    .mixed(),
    Pattern::new(
        "named-secret",
        &[
            "--token",
            "--secret",
            "--api",
            "--auth",
            "--access",
            "--client-secret",
            "--key",
        ],
        "--(?:token|secret|(?:api|auth|access|secret|client)-\
         ?(?:token|secret|key)|key)(?:-key)?(?:=|[ \\t]+|[\"'],\
         [ \\t]*[\"'])[\"']?([A-Za-z0-9_+.~-][A-Za-z0-9_+/.~-]{1\
         1,}={0,2})",
        &[
            "gh auth login --token <40>",
            "--api-key=<20>",
            "[\"--token\",\"<16>\"]",
        ],
        &["--token <11>", "--token $GH_TOKEN", "--key path/to"],
    )
    .guess()
    .since(2)
    .until(2)
    .mixed(),
    Pattern::new(
        "named-secret",
        &["ecret", "ECRET"],
        "(?:ecret_?[Kk]ey|ECRET_?KEY)[\"']?[ \\t]*(?:=>|:=|[:=]\
         )[ \\t]*[\"']([!#-&(-Z\\]-~][!#-&(-\\[\\]-~]{15,})",
        &["SECRET_KEY = '<50>'", "SECRET_KEY = 'django-insecure-<20>!@<20>'"],
        &["SECRET_KEY = ''", "SECRET_KEY = '<15>'"],
    )
    .guess()
    .since(2)
    .until(2)
    .mixed(),
    Pattern::new(
        "named-secret",
        &[
            "secret",
            "Secret",
            "SECRET",
            "token",
            "Token",
            "TOKEN",
            "credential",
            "Credential",
            "CREDENTIAL",
            "api",
            "Api",
            "API",
            "app",
            "App",
            "APP",
            "access",
            "Access",
            "ACCESS",
            "private",
            "Private",
            "PRIVATE",
            "auth",
            "Auth",
            "AUTH",
            "signing",
            "Signing",
            "SIGNING",
            "encryption",
            "Encryption",
            "ENCRYPTION",
            "account",
            "Account",
            "ACCOUNT",
            "master",
            "Master",
            "MASTER",
        ],
        assigned!(
            "(?:[Ss]ecret|SECRET|[Aa]pi|API|[Aa]pp|APP|[Aa]ccess|\
         ACCESS|[Pp]rivate|PRIVATE|[Aa]uth|AUTH|[Ss]igning|SI\
         GNING|[Ee]ncryption|ENCRYPTION|[Aa]ccount|ACCOUNT|[M\
         m]aster|MASTER)[_-]?(?:[Kk]ey|KEY)|[Ss]ecret|SECRET|\
         [Tt]oken|TOKEN|[Cc]redentials?|CREDENTIALS?",
            "(?:base64:)?[A-Za-z0-9_+.~-][A-Za-z0-9_+/.~-]{15,}={\
         0,2}"
        ),
        &[
            "CLIENT_SECRET=<16>",
            "\"apiKey\": \"<32>\"",
            "x-auth-token: <x40>",
            "{\"secretKey\":\"<40>\"}",
            "STRIPE_SECRET_KEY=<32>",
            "APP_KEY=base64:<43>=",
        ],
        &[
            "token=aaaaaaaaaaaaaaaaaaaa",
            "secret: internationalization",
            "tokens: <32>",
            "token: <14>",
        ],
    )
    .guess()
    .since(2)
    .until(2)
    .mixed()
    .spares(Spared::Names),
];
