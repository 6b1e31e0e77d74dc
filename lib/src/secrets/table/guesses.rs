//! What is guessed by the name beside it, since version 3.

use crate::secrets::kinds::Pattern;
use crate::secrets::kinds::Start::{Apart, Key, Part, Password, Word};
use crate::secrets::spared::Spared;

/// A value that is assigned to a name, as in [`super::shapes::assigned`]; and
/// quotes, colons and equals signs may be spelled as URLs, HTML, mail and
/// programming languages do.
macro_rules! given {
    ($name:literal, $value:expr) => {
        concat!(
            "(?:",
            $name,
            ")(?:(?:[\"']|%2[27]|&quot;|\\\\(?:x2[27]|042))[ \\t]*\
             (?:=>|[:=]|%3[AaDd]|\\\\x3[ad]|value=)(?:[ \\t]|%20)*\
             (?:[\"']|%2[27]|&quot;|\\\\(?:x2[27]|042))\
             |[ \\t]*(?:=>|:=|=3D|[:=]|%3[AaDd]|\\\\x3[ad])(?:[ \\t]|%20)*\
             (?:[\"']|%2[27]|&quot;|\\\\(?:x2[27]|042))?)(",
            $value,
            ")"
        )
    };
}

pub(super) use given;

/// The names that people and programs give to what they hide.
pub(super) static GUESSES: &[Pattern] = &[
    Pattern::new(
        "password",
        &[
            "passw", "Passw", "PASSW", "passp", "Passp", "PASSP", "passc",
            "Passc", "PASSC", "pwd", "Pwd", "PWD",
        ],
        "(?:[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Pp]ass(?:phrase|code)|\
         PASS(?:PHRASE|CODE)|[Pp]wd|PWD)[\"'][ \\t]*(?:=>|[:=])[ \\t]*\
         \"([^\\s\"\\\\,}\\]:\\[](?:[^\"\\\\\\r\\n]|\\\\[^\"'])*)",
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
            "{\"password\": \"Mot de passe\"}",
            "{\"wrong-password\": \"The password is invalid.\"}",
            "{\"1password\": \"8.10.33\"}",
            "{\"OLDPWD\": \"/home/node/src\"}",
            "{\"password\": \"${DB_PASSWORD}\"}",
        ],
    )
    .guess()
    .since(3)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &[
            "passw", "Passw", "PASSW", "passp", "Passp", "PASSP", "passc",
            "Passc", "PASSC", "pwd", "Pwd", "PWD",
        ],
        given!(
            "[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Pp]ass(?:phrase|code)|\
             PASS(?:PHRASE|CODE)|[Pp]wd|PWD",
            "[^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*`^%][^\\s\\x1b\"'\\\\,;&<>]{5,}"
        ),
        &[
            "DB_PASSWORD=hunter22",
            "Pwd=s3cr3t-x;",
            "password: 'swordfish'",
            "passcode=<16>",
            "password%3D<16>",
            "%22password%22%3A%22<16>%22",
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
            "INVALID_PASSWORD = 'auth/wrong-password'",
            "password: Incorrect one-time",
        ],
    )
    .guess()
    .since(3)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &["passw", "Passw", "passp", "Passp"],
        "(?:[Pp]assw(?:or)?d|[Pp]assphrase)>([^\\s\"'\\\\<>&]{4,128})</",
        &["<password><16></password>"],
        &["<password></password>", "<b>password</b>"],
    )
    .guess()
    .since(3)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &["pass", "Pass"],
        given!(
            "[Pp]ass",
            "[^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*`^%][^\\s\\x1b\"'\\\\,;&<>]{5,}"
        ),
        &["pass: <16>", "\"pass\": \"<12>\"", "db_pass=<16>"],
        &["bypass=<16>", "pass: 12/12", "pass: everything", "pass=<5>"],
    )
    .guess()
    .since(3)
    .start(Part)
    .spares(Spared::Labels),
    // In capitals behind a colon and a blank the name of a test that passed
    // stands.
    Pattern::new(
        "password",
        &["PASS"],
        "PASS(?:[\"'][ \\t]*(?:=>|[:=])[ \\t]*[\"']|[ \\t]*\
         (?:=>|:=|=3D|=|%3[Dd])[ \\t]*[\"']?|(?::|%3[Aa])[\"']?)\
         ([^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*`][^\\s\\x1b\"'\\\\,;&]{5,})",
        &["DB_PASS=<16>", "\"DB_PASS\": \"<12>\"", "PASS='<12>'"],
        &["PASS: ld-elf/pr-12345", "BYPASS=<16>", "PASS=<5>", "PASS test-1"],
    )
    .guess()
    .since(3)
    .start(Part)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &["--pass"],
        "--pass(?:w(?:or)?d|phrase|code)?(?:=|[ \\t]+|%20|[\"'],[ \\t]*[\"'])\
         [\"']?([^\\s\"'\\\\,;&<>(){}\\[\\]$*`-][^\\s\\x1b\"'\\\\]{5,})",
        &[
            "psql --password <20>",
            "--passphrase=<12>",
            "[\"--password\", \"<12>\"]",
        ],
        &[
            "--password <5>",
            "--password prompt",
            "--password $DB_PASSWORD",
            "the original--pass `strict=False1`",
        ],
    )
    .guess()
    .since(3)
    .start(Apart)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &["-u", "--user", "--proxy-user"],
        "-(?:u|-user|-proxy-user)(?:=|%20|[ \\t]*)[\"']?\
         [A-Za-z0-9_.@%+-]{1,64}:\
         ([^\\s\"'\\\\/$<>\\[(){}?:][^\\s\\x1b\"'\\\\<>(){}?:]{5,})",
        &[
            "curl -u admin:<20> https://x",
            "curl --user admin:<12> x",
            "curl -u 'a:<12>'",
        ],
        &[
            "sort -u a:<4>",
            "docker run -u 1000:1000 x",
            "-u name:password",
            "el(-u,6):u>9999?\"+\"",
        ],
    )
    .guess()
    .since(3)
    .start(Apart)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &["mysql", "mariadb", "sshpass"],
        "(?:mysql(?:dump|admin)?|mariadb|sshpass)\
         (?:[ \\t]+[A-Za-z0-9_.=-]{1,40}){0,6}[ \\t]+-p\
         ([^\\s\"'\\\\/$<>\\[(){}=-][^\\s\\x1b\"'\\\\]{5,})",
        &["mysql -u root -pS<12> app", "mysqldump -pS<12>"],
        &["mysql -p app", "mysql -port 3306", "mysql -u root -psecret"],
    )
    .guess()
    .since(3)
    .start(Word)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &["sshpass"],
        "sshpass[ \\t]+-p[ \\t]+[\"']?([^\\s\"'\\\\$\\[-][^\\s\\x1b\"'\\\\]{3,})",
        &["sshpass -p <12> ssh x", "sshpass -p '<12>' ssh x"],
        &["sshpass -e ssh x", "sshpass -p $SSHPASS"],
    )
    .guess()
    .since(3)
    .start(Word),
    Pattern::new(
        "password",
        &["machine"],
        "machine\\s+[^\\s\"'\\\\]{1,200}\\s+login\\s+[^\\s\"'\\\\]{1,200}\
         \\s+password\\s+([^\\s\"'\\\\\\[][^\\s\\x1b\"'\\\\]{2,})",
        &[
            "machine x login u password <16>",
            "machine h.org\n  login l\n  password <8>",
        ],
        &[
            "machine x login u",
            "the machine login password",
            "machine h login l password {self.password}",
            "machine h login l password pass",
        ],
    )
    .guess()
    .since(3)
    .start(Word)
    .spares(Spared::Labels),
    Pattern::new(
        "password",
        &["@tcp(", "@unix("],
        "()@(?:tcp|unix)\\(",
        &["root:<14>@tcp(127.0.0.1:3306)/app", "u:<8>@unix(/run/x)/d"],
        &["root@tcp(127.0.0.1)", "@tcp(x)"],
    )
    .guess()
    .since(3)
    .start(Password),
    Pattern::new(
        "cookie",
        &["ookie", "OOKIE"],
        "(?:ookie|OOKIE)[\"']?[ \\t]*(?:[:=]|%3[Aa])(?:[ \\t]|%20)*[\"']?\
         ([A-Za-z0-9_.!~*-]{1,64}=[^\\s\\x1b\"'\\\\<;]{4,}\
         (?:; ?[A-Za-z0-9_.!~*-]{1,64}=[^\\s\\x1b\"'\\\\<;]{4,})*)",
        &[
            "Cookie: sessionid=<32>",
            "Set-Cookie: connect.sid=s%3A<32>.<43>; Path=/",
            "\"cookie\": \"a=<20>; b=<20>\"",
            "document.cookie = 'sid=<32>'",
        ],
        &[
            "cookie: none",
            "cookies=<20>",
            "Cookie: a=1",
            "Set-Cookie: CUSTOMER=WILE_E_COYOTE; path=/",
            "Cookie: number=seven2",
        ],
    )
    .guess()
    .since(3)
    .spares(Spared::Cookies),
    Pattern::new(
        "registry-auth",
        &["auth"],
        "auth[\"'][ \\t]*:[ \\t]*[\"']([A-Za-z0-9+/]{12,}={0,2})",
        &["{\"auths\":{\"r\":{\"auth\":\"<40>\"}}}", "\"auth\": \"<22>==\""],
        &["\"auth\": \"required\"", "\"auths\": \"<40>\""],
    )
    .guess()
    .since(3)
    .start(Word)
    .mixed()
    .spares(Spared::Identifiers),
    Pattern::new(
        "registry-auth",
        &["_auth"],
        "_auth(?:Token)?[ \\t]*(?:=|%3[Dd])[ \\t]*[\"']?\
         ([A-Za-z0-9+/_.-]{12,}={0,2})",
        &["//r/:_authToken=<36>", "_auth = <40>=="],
        &["_auth=<11>", "_authToken=${NPM_TOKEN}", "_auth=s3_session_auth"],
    )
    .guess()
    .since(3)
    .mixed()
    .spares(Spared::Identifiers),
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
        "--(?:token|secret|(?:api|auth|access|secret|client)-?\
         (?:token|secret|key)|key)(?:-key)?\
         (?:=|[ \\t]+|%20|[\"'],[ \\t]*[\"'])[\"']?\
         ([A-Za-z0-9_+.~-][A-Za-z0-9_+/.~-]{11,}={0,2})",
        &[
            "gh auth login --token <40>",
            "--api-key=<20>",
            "[\"--token\",\"<16>\"]",
        ],
        &["--token <11>", "--token $GH_TOKEN", "--key path/to/key_file2"],
    )
    .guess()
    .since(3)
    .mixed()
    .spares(Spared::Identifiers),
    Pattern::new(
        "named-secret",
        &["ecret", "ECRET"],
        "(?:ecret(?:_?[Kk]ey)?|ECRET(?:_?KEY)?)[\"']?[ \\t]*(?:=>|:=|[:=])\
         [ \\t]*[\"']([!#-&(-Z\\]-~][!#-&(-\\[\\]-~]{15,})",
        &["SECRET_KEY = '<50>'", "SECRET_KEY = 'django-insecure-<20>!@<20>'"],
        &["SECRET_KEY = ''", "SECRET_KEY = '<15>'"],
    )
    .guess()
    .since(3)
    .spares(Spared::Identifiers),
    Pattern::new(
        "named-secret",
        &["key", "Key", "KEY"],
        given!(
            "[Kk]ey|KEY",
            "(?:base64:)?[A-Za-z0-9_+.~-][A-Za-z0-9_+/.~%|-]{15,}={0,2}"
        ),
        &[
            "\"apiKey\": \"<32>\"",
            "{\"secretKey\":\"<40>\"}",
            "STRIPE_SECRET_KEY=<32>",
            "APP_KEY=base64:<43>=",
            "X-Api-Key: <40>",
            "api_key%3D<32>",
        ],
        &[
            "cache_key=<32>",
            "monkey: <32>",
            "\"AWS::IAM::AccessKey\": \"<x16>\"",
            "private_key = ed25519.Ed25519PrivateKey",
        ],
    )
    .guess()
    .since(3)
    .start(Key)
    .spares(Spared::Identifiers),
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
        ],
        given!(
            "[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Cc]redentials?|CREDENTIALS?",
            "(?:base64:)?[A-Za-z0-9_+.~-][A-Za-z0-9_+/.~%|-]{15,}={0,2}"
        ),
        &["CLIENT_SECRET=<16>", "x-auth-token: <x40>", "token%3D<32>"],
        &[
            "token=aaaaaaaaaaaaaaaaaaaa",
            "secret: internationalization",
            "tokens: <32>",
            "token: <14>",
            "nextToken: <32>",
            "arn:aws:secretsmanager:us-east-1:1:secret:<32>",
            "colon2_token: node.colon2_token",
            "let token = scanner2.reScanTemplateToken(",
        ],
    )
    .guess()
    .since(3)
    .spares(Spared::Identifiers),
    Pattern::new(
        "named-secret",
        &["oken", "ecret"],
        "(?:oken|ecret)>([A-Za-z0-9_+.~-][A-Za-z0-9_+/.~-]{15,127}={0,2})</",
        &["<token><32></token>", "<ClientSecret><40></ClientSecret>"],
        &["<token><15></token>", "<token>internationalization</token>"],
    )
    .guess()
    .since(3)
    .spares(Spared::Identifiers),
];
