//! Shapes of earlier versions as version 3 has them: nearer to what is a
//! secret.

use super::guesses::given;
use crate::secrets::kinds::Pattern;
use crate::secrets::kinds::Start::{Any, Apart};
use crate::secrets::spared::Spared;

/// What was found too often, or too seldom.
pub(super) static AGAIN: &[Pattern] = &[
    Pattern::new(
        "meta-token",
        &["EAA"],
        "EAA[A-Za-z0-9]{80,}",
        &["EAAG<160>", "EAAB<100>"],
        &["EAA<79>", "XEAA<100>", "A/EAAA<100>", "EAAA<100>/"],
    )
    .since(3)
    .mixed()
    .spares(Spared::Base64),
    Pattern::new(
        "artifactory-token",
        &["cmVmdGtu", "cmVmd"],
        "cmVmd[A-Za-z0-9]{56,}={0,2}",
        &["cmVmdGtu<56>", "cmVmd<59>"],
        &["cmVmdGtu<50>"],
    )
    .since(3)
    .spares(Spared::Base64),
    Pattern::new(
        "bedrock-key",
        &["ABSK", "bedrock-api-key-"],
        "(?:ABSK[A-Za-z0-9+/]{100,}={0,2}|bedrock-api-key-[A-Z\
         a-z0-9+/_-]{28,}={0,2})",
        &["ABSK<128>=", "bedrock-api-key-<200>"],
        &["ABSK<99>", "bedrock-api-key-<27>"],
    )
    .since(3)
    .spares(Spared::Base64),
    Pattern::new(
        "onepassword-token",
        &["ops_eyJ"],
        "ops_eyJ[A-Za-z0-9+/_-]{100,}={0,3}",
        &["ops_eyJ<300>"],
        &["ops_eyJ<99>"],
    )
    .since(3),
    Pattern::new(
        "aws-secret-key",
        &[
            "ecretAccessKey",
            "ecretaccesskey",
            "secret_access_key",
            "SECRET_ACCESS_KEY",
            "secret-access-key",
            "aws_secret_key",
            "AWS_SECRET_KEY",
            "AWS_SECRET",
        ],
        given!(
            "ecret[Aa]ccess[Kk]ey|secret_access_key|SECRET_ACCESS_KEY|\
             secret-access-key|aws_secret_key|AWS_SECRET(?:_KEY)?",
            "[A-Za-z0-9+/]{40}=*\\b{end-half}"
        ),
        &[
            "aws_secret_access_key = <40>",
            "\"SecretAccessKey\": \"<40>\"",
            "AWS_SECRET_ACCESS_KEY=<20>/<19>",
            "awsSecretAccessKey: '<40>'",
            "AWS_SECRET_ACCESS_KEY%3D<40>",
        ],
        &["AWS_SECRET_ACCESS_KEY=<39>", "SecretAccessKeyId: <40>"],
    )
    .start(Any)
    .since(3)
    .mixed(),
    Pattern::new(
        "private-key",
        &["-----BEGIN"],
        "-----BEGIN(?: |%20|\\+)[A-Z0-9 %+]{0,40}PRIVATE(?: |%20|\\+)KEY\
         (?:(?: |%20|\\+)BLOCK)?-----\
         (?:(?:\\s|%0[AaDd]|=0[AD]|\\\\+[nrt])*[A-Za-z][A-Za-z0-9-]{0,40}: \
         [ -!#-\\[\\]-~]*)*\
         (?:(?:\\s|%0[AaDd]|=0[AD]|\\\\+[nrt])*[A-Za-z0-9+/=%]{16,})+\
         (?:(?:\\s|%0[AaDd]|=0[AD]|\\\\+[nrt])*[A-Za-z0-9+/=%]{1,15})?\
         (?:(?:\\s|%0[AaDd]|=0[AD]|\\\\+[nrt])*-----END[A-Z0-9 %+]{0,40}\
         -----)?",
        &[
            "-----BEGIN PRIVATE KEY-----\n<64>\n<64>\n<9>=\n\
             -----END PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\\n<64>\\n<7>\\n\
             -----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
             DEK-Info: AES-128-CBC,<u32>\n\n<64>\n-----END RSA PRIVATE \
             KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n<70>\n<30>",
            "-----BEGIN%20PRIVATE%20KEY-----%0A<64>%0A",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n<64>\n\
             =<4>\n-----END PGP PRIVATE KEY BLOCK-----",
        ],
        &[
            "-----BEGIN PUBLIC KEY-----\n<64>\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----\n<64>",
            "BEGIN PRIVATE KEY",
            "-----BEGIN PRIVATE KEY-----\nXXXX\n-----END PRIVATE KEY-----",
            "'-----BEGIN RSA PRIVATE KEY-----' and the end",
        ],
    )
    .start(Any)
    .since(3),
    Pattern::new(
        "authorization",
        &["uthorization", "UTHORIZATION"],
        "(?:uthorization|UTHORIZATION)(?:[\"']|%22)?[ \\t]*(?:%3[Aa]|[:=])\
         (?:[ \\t]|%20)*[\"']?(?:[Bb]asic|[Tt]oken|[Aa]pi-?[Kk]ey|SSWS|\
         GenieKey)(?:[ \\t]|%20)+([A-Za-z0-9._~+/=%-]{6,})",
        &[
            "Authorization: Basic <12>==",
            "\"authorization\":\"token <40>\"",
            "Authorization: SSWS <42>",
            "Proxy-Authorization: Basic <20>",
        ],
        &[
            "Authorization: none",
            "Authorization: Basic <5>",
            "authorization: 'token my-token'",
            "Authorization: Basic authentication",
        ],
    )
    .start(Any)
    .since(3)
    .spares(Spared::Lowercase),
    Pattern::new(
        "authorization",
        &["uthorization", "UTHORIZATION"],
        "(?:uthorization|UTHORIZATION)(?:[\"']|%22)?[ \\t]*(?:%3[Aa]|[:=])\
         (?:[ \\t]|%20)*[\"']?([A-Za-z0-9._~+/=-]{24,})",
        &["Authorization: <40>", "\"Authorization\": \"<32>\""],
        &["Authorization: <23>", "Authorization: config.getHeaderValue2()"],
    )
    .start(Any)
    .since(3)
    .mixed()
    .spares(Spared::Identifiers),
    Pattern::new(
        "url-password",
        &["://"],
        "://[^\\s:/?#@\"'<>\\\\\\[]*:([^\\s/?#@\"'<>\\\\\\[]\
         [^\\s/?#\"'<>\\\\]*)@",
        &[
            "postgres://app:hunter2@db:5432/x",
            "redis://:<12>@host",
            "https://u:p@ss@host/",
            "https://u:pw@h/",
            "https://app:<16>@db.example.com/",
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
            "https://abc:xyz@example.com/",
            "http://user:pw@host:80/",
            "f\"rtsp://{name}:{self._password}@{host}\"",
            "https://a:b@xn--g6w251d/?abc",
        ],
    )
    .start(Any)
    .since(3)
    .spares(Spared::Addresses),
    Pattern::new(
        "url-password",
        &["%3A%2F%2F", "%3a%2f%2f"],
        "%3[Aa]%2[Ff]%2[Ff][A-Za-z0-9._~-]*%3[Aa]\
         ([A-Za-z0-9._~!$*+-]{4,}(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~-]*)*)%40",
        &["url=postgres%3A%2F%2Fapp%3A<16>%40db%3A5432"],
        &["https%3A%2F%2Fhost%3A8080%2Fa", "%3A%2F%2Fuser%40host"],
    )
    .start(Any)
    .since(3)
    .spares(Spared::Addresses),
    Pattern::new(
        "jwt",
        &["eyJ", "ewo"],
        "(?:eyJ|ewo)[A-Za-z0-9_-]{10,}={0,2}\\.[A-Za-z0-9_-]{10,}={0,2}\
         \\.[A-Za-z0-9_-]{10,}(?:\\.[A-Za-z0-9_-]+){0,2}",
        &["eyJ<33>.eyJ<40>.<43>", "eyJ<33>.<40>.<16>.<50>.<22>"],
        &["eyJ<33>", "eyJ<33>.eyJ<40>", "heyJ<33>.<40>.<43>"],
    )
    .start(Apart)
    .since(3),
];
