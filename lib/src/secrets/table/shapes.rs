//! What is known by the name beside it or the shape around it, and what is
//! guessed so.

use crate::secrets::kinds::Start::{Any, Apart};
use crate::secrets::kinds::{Pattern, Texts};
use crate::secrets::spared::Spared;

/// A value that is assigned to a name. In JSON both have quotes, so that no
/// number is taken for a text.
macro_rules! assigned {
    ($name:literal, $value:literal) => {
        concat!(
            "(?:",
            $name,
            ")(?:[\"'][ \\t]*(?:=>|[:=])[ \\t]*[\"']\
             |[ \\t]*(?:=>|:=|[:=])[ \\t]*[\"']?)(",
            $value,
            ")"
        )
    };
}

pub(super) use assigned;

const PASSWORDS: Texts = &[
    "passw",
    "Passw",
    "PASSW",
    "passphrase",
    "Passphrase",
    "PASSPHRASE",
    "pwd",
    "Pwd",
    "PWD",
];

const NAMES: Texts = &[
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
];

/// Patterns that guess come last.
pub(super) static SHAPES: &[Pattern] = &[
    Pattern::new(
        "azure-key",
        &["AccountKey=", "SharedAccessKey="],
        "(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{43,}={1,2})",
        &[
            "AccountName=x;AccountKey=<86>==;EndpointSuffix=y",
            "SharedAccessKey=<43>=",
        ],
        &["AccountKey=<42>=", "AccountKey=<86>"],
    ),
    Pattern::new(
        "aws-key-id",
        &["AKIA", "ASIA", "ABIA", "ACCA"],
        "A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}\\b{end-half}",
        &["AKIA<u16>", "ASIA<u16>", "aws_access_key_id = AKIA<u16>"],
        &["AKIA<u15>", "AKIA<u17>", "AROA<u16>", "XAKIA<u16>"],
    ),
    Pattern::new(
        "aws-secret-key",
        &[
            "ecretAccessKey",
            "secret_access_key",
            "SECRET_ACCESS_KEY",
            "secret-access-key",
            "aws_secret_key",
            "AWS_SECRET_KEY",
        ],
        assigned!(
            "ecretAccessKey|secret_access_key|SECRET_ACCESS_KEY|\
             secret-access-key|aws_secret_key|AWS_SECRET_KEY",
            "[A-Za-z0-9+/]{40,}=*"
        ),
        &[
            "aws_secret_access_key = <40>",
            "\"SecretAccessKey\": \"<40>\"",
            "AWS_SECRET_ACCESS_KEY=<20>/<19>",
            "awsSecretAccessKey: '<40>'",
        ],
        &["AWS_SECRET_ACCESS_KEY=<39>", "SecretAccessKeyId: <40>"],
    )
    .start(Any)
    .until(2),
    Pattern::new(
        "aws-session-token",
        &["essionToken", "session_token", "SESSION_TOKEN"],
        assigned!(
            "essionToken|session_token|SESSION_TOKEN",
            "[A-Za-z0-9+/]{100,}=*"
        ),
        &["aws_session_token=<200>==", "\"SessionToken\":\"<300>\""],
        &["session_token=<99>", "SessionTokens: <200>"],
    )
    .start(Any),
    Pattern::new(
        "private-key",
        &["-----BEGIN "],
        "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----\
         (?:(?:\\s|\\\\+[nrt])*[A-Za-z][A-Za-z0-9-]{0,40}: [ -!#-\\[\\]-~]*)*\
         (?:(?:\\s|\\\\+[nrt])*[A-Za-z0-9+/=]{20,})*\
         (?:(?:\\s|\\\\+[nrt])*[A-Za-z0-9+/=]{1,19})?\
         (?:(?:\\s|\\\\+[nrt])*-----END [A-Z0-9 ]{0,40}-----)?",
        &[
            "-----BEGIN PRIVATE KEY-----\n<64>\n<64>\n<9>=\n\
             -----END PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\\n<64>\\n<7>\\n\
             -----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
             DEK-Info: AES-128-CBC,<u32>\n\n<64>\n-----END RSA PRIVATE \
             KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n<70>\n<30>",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n<64>\n\
             =<4>\n-----END PGP PRIVATE KEY BLOCK-----",
        ],
        &[
            "-----BEGIN PUBLIC KEY-----\n<64>\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----\n<64>",
            "BEGIN PRIVATE KEY",
        ],
    )
    .start(Any)
    .until(2),
    Pattern::new(
        "bearer-token",
        &["Bearer", "bearer", "BEARER"],
        "(?:Bearer|bearer|BEARER)[ \\t]+([A-Za-z0-9._~+/-]{20,}=*)",
        &["Authorization: Bearer <20>", "bearer <40>=="],
        &[
            "Bearer <19>",
            "forbearer <40>",
            "bearer authentication-of-the-client",
        ],
    )
    .mixed(),
    Pattern::new(
        "authorization",
        &["Authorization", "authorization", "AUTHORIZATION"],
        "(?:Authorization|authorization|AUTHORIZATION)[\"']?[ \\t]*[:=][ \\t]*\
         [\"']?(?:Basic|basic|Token|token)[ \\t]+\
         ([A-Za-z0-9._~+/-]{6,}=*)",
        &["Authorization: Basic <12>==", "\"authorization\":\"token <40>\""],
        &["Authorization: none", "Authorization: Basic <5>"],
    )
    .until(2),
    Pattern::new(
        "jwt",
        &["eyJ"],
        "eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\
         (?:\\.[A-Za-z0-9_-]+){0,2}",
        &["eyJ<33>.eyJ<40>.<43>", "eyJ<33>.<40>.<16>.<50>.<22>"],
        &["eyJ<33>", "eyJ<33>.eyJ<40>", "heyJ<33>.<40>.<43>"],
    )
    .start(Apart)
    .until(2),
    Pattern::new(
        "url-password",
        &["://"],
        "://[^\\s:/?#@\"'<>\\\\\\[]*:([^\\s/?#@\"'<>\\\\\\[]\
         [^\\s/?#\"'<>\\\\]*)@",
        &[
            "postgres://app:hunter2@db:5432/x",
            "redis://:<12>@host",
            "https://u:p@ss@host/",
        ],
        &[
            "https://host:8080/a@b",
            "mailto:a@b",
            "https://user@host",
            "http://a/b:c@d",
        ],
    )
    .start(Any)
    .until(1),
    Pattern::new(
        "url-password",
        &["://"],
        "://[^\\s:/?#@\"'<>\\\\\\[]*:([^\\s/?#@\"'<>\\\\\\[]\
         [^\\s/?#\"'<>\\\\]*)@",
        &[
            "postgres://app:hunter2@db:5432/x",
            "redis://:<12>@host",
            "https://u:p@ss@host/",
        ],
        &[
            "https://host:8080/a@b",
            "mailto:a@b",
            "https://user@host",
            "http://a/b:c@d",
            "http://user:password@host",
            "https://u:****@host/",
            "http://u:${PASSWORD}@host",
            "deb https://apt:apt@host/",
        ],
    )
    .start(Any)
    .since(2)
    .spares(Spared::Words)
    .until(2),
    Pattern::new(
        "password",
        PASSWORDS,
        "(?:[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Pp]assphrase|PASSPHRASE|[Pp]wd|\
         PWD)[\"'][ \\t]*(?:=>|[:=])\
         [ \\t]*\"([^\\s\"\\\\,}\\]:\\[](?:[^\"\\\\\\r\\n]|\\\\[^\"'])*)",
        &["{\"password\": \"correct horse\"}", "\"dbPassword\":\"x\\u0041y\""],
        &["{\"password\": \"\"}", "{\"password\": 12345678}", "\"password\""],
    )
    .guess()
    .until(1),
    Pattern::new(
        "password",
        PASSWORDS,
        assigned!(
            "[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Pp]assphrase|PASSPHRASE|[Pp]wd|\
             PWD",
            "[^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*][^\\s\"'\\\\,;&]{5,}"
        ),
        &["DB_PASSWORD=hunter22", "Pwd=s3cr3t-x;", "password: 'swordfish'"],
        &[
            "PWD=/home/user/x",
            "password: short",
            "password=$DB_PASSWORD",
            "{\"password\": 12345678}",
        ],
    )
    .guess()
    .until(1),
    Pattern::new(
        "named-secret",
        NAMES,
        assigned!(
            "[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Cc]redentials?|CREDENTIALS?|\
             (?:[Aa]pi|API|[Aa]ccess|ACCESS|[Pp]rivate|PRIVATE|[Aa]uth|AUTH|\
             [Ss]igning|SIGNING|[Ee]ncryption|ENCRYPTION|[Aa]ccount|ACCOUNT)\
             [_-]?(?:[Kk]ey|KEY)",
            "[A-Za-z0-9_+.~-][A-Za-z0-9_+/.~-]{15,}={0,2}"
        ),
        &["CLIENT_SECRET=<16>", "\"apiKey\": \"<32>\"", "x-auth-token: <x40>"],
        &[
            "token=aaaaaaaaaaaaaaaaaaaa",
            "secret: internationalization",
            "tokens: <32>",
            "token: <14>",
        ],
    )
    .guess()
    .mixed()
    .until(1),
];
