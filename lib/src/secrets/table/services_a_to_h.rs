//! Keys and tokens of more services, A to H, since version 3.

use crate::secrets::kinds::Pattern;
use crate::secrets::kinds::Start::{Any, Run};

/// By their providers.
pub(super) static SERVICES: &[Pattern] = &[
    Pattern::new(
        "adafruit-key",
        &["aio_"],
        "aio_[A-Za-z0-9]{28}\\b{end-half}",
        &["aio_<28>"],
        &["aio_<27>", "aio_read"],
    )
    .since(3),
    Pattern::new(
        "adobe-secret",
        &["p8e-"],
        "p8e-[A-Za-z0-9_-]{32}",
        &["p8e-<32>"],
        &["p8e-<31>"],
    )
    .since(3),
    Pattern::new(
        "alibaba-key",
        &["LTAI"],
        "LTAI[A-Za-z0-9]{17,26}\\b{end-half}",
        &["LTAI<20>"],
        &["LTAI<16>", "LTAIR"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "apify-token",
        &["apify_api_"],
        "apify_api_[A-Za-z0-9-]{36}",
        &["apify_api_<36>"],
        &["apify_api_<35>"],
    )
    .since(3),
    Pattern::new(
        "appwrite-key",
        &["standard_"],
        "standard_[0-9a-f]{128,}",
        &["standard_<x256>"],
        &["standard_<x127>", "standard_b64"],
    )
    .since(3),
    Pattern::new(
        "axiom-token",
        &["xaat-", "xapt-"],
        "xa[ap]t-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        &["xaat-<x8>-<x4>-<x4>-<x4>-<x12>"],
        &["xaat-<x8>-<x4>"],
    )
    .since(3),
    Pattern::new(
        "bitbucket-password",
        &["ATBB"],
        "ATBB[A-Za-z0-9_=.-]{32,}",
        &["ATBB<32>"],
        &["ATBB<31>"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "bitbucket-token",
        &["ATCTT3", "BBDC-"],
        "(?:ATCTT3[A-Za-z0-9_=-]{60,}|BBDC-[A-Za-z0-9+/@_-]{40,50})",
        &["ATCTT3xFfG<170>=<u8>", "BBDC-<44>"],
        &["ATCTT3<59>", "BBDC-<39>"],
    )
    .since(3),
    Pattern::new(
        "braintree-token",
        &["access_token$"],
        "access_token\\$(?:production|sandbox)\\$[0-9a-z]{16}\\$[0-\
         9a-f]{32}",
        &["access_token$production$<x16>$<x32>"],
        &["access_token$staging$<32>"],
    )
    .since(3),
    Pattern::new(
        "browserbase-key",
        &["bb_live_"],
        "bb_live_[A-Za-z0-9_-]{20,}",
        &["bb_live_<27>"],
        &["bb_live_<19>"],
    )
    .since(3),
    Pattern::new(
        "buildkite-token",
        &["bkua_"],
        "bkua_[a-z0-9]{40}",
        &["bkua_<x40>"],
        &["bkua_<39>"],
    )
    .since(3),
    Pattern::new(
        "circleci-token",
        &["CCIPAT_", "CCIPRJ_"],
        "CCIP(?:AT|RJ)_[A-Za-z0-9]{20,24}_[0-9a-fA-F]{40}",
        &["CCIPAT_<22>_<x40>"],
        &["CCIPAT_<22>_<x39>"],
    )
    .since(3),
    Pattern::new(
        "clickhouse-key",
        &["4b1d"],
        "4b1d[A-Za-z0-9]{38}\\b{end-half}",
        &["4b1d<38>"],
        &["4b1d<37>", "4b1d<39>"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "clojars-token",
        &["CLOJARS_"],
        "CLOJARS_[A-Za-z0-9]{60}",
        &["CLOJARS_<60>"],
        &["CLOJARS_<59>", "CLOJARS_USERNAME"],
    )
    .since(3),
    Pattern::new(
        "contentful-token",
        &["CFPAT-"],
        "CFPAT-[A-Za-z0-9_-]{43}",
        &["CFPAT-<43>"],
        &["CFPAT-<42>"],
    )
    .since(3),
    Pattern::new(
        "cratesio-token",
        &["cio"],
        "cio[A-Za-z0-9]{32}\\b{end-half}",
        &["cio<32>"],
        &["cio<31>", "precio<32>", "cio<33>"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "daytona-key",
        &["dtn_"],
        "dtn_[0-9a-f]{64}",
        &["dtn_<x64>"],
        &["dtn_<x63>"],
    )
    .since(3),
    Pattern::new(
        "defined-key",
        &["dnkey-"],
        "dnkey-[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}",
        &["dnkey-<26>-<52>"],
        &["dnkey-<26>-<51>"],
    )
    .since(3),
    Pattern::new(
        "deno-token",
        &["ddp_", "ddw_", "ddo_"],
        "dd[pwo]_[A-Za-z0-9]{36}",
        &["ddp_<36>", "ddw_<36>"],
        &["ddp_<35>"],
    )
    .since(3),
    Pattern::new(
        "duffel-token",
        &["duffel_"],
        "duffel_(?:test|live)_[A-Za-z0-9_=-]{43}",
        &["duffel_live_<43>"],
        &["duffel_live_<42>"],
    )
    .since(3),
    Pattern::new(
        "dynatrace-token",
        &["dt0c01.", "dt0s01.", "dt0s16."],
        "dt0[a-z][0-9]{2}\\.[A-Za-z0-9]{8,24}\\.[A-Za-z0-9]{64}",
        &["dt0c01.<u24>.<u64>"],
        &["dt0c01.<u24>.<u63>"],
    )
    .since(3),
    Pattern::new(
        "e2b-key",
        &["e2b_"],
        "e2b_[0-9a-f]{40}",
        &["e2b_<x40>"],
        &["e2b_<x39>"],
    )
    .since(3),
    Pattern::new(
        "easypost-key",
        &["EZAK", "EZTK"],
        "EZ[AT]K[A-Za-z0-9]{54}",
        &["EZAK<54>", "EZTK<54>"],
        &["EZAK<53>"],
    )
    .since(3),
    Pattern::new(
        "fcm-key",
        &[":APA91b"],
        ":APA91b[A-Za-z0-9_-]{100,}",
        &["AAAA<7>:APA91b<134>"],
        &["AAAA<7>:APA91b<99>"],
    )
    .since(3)
    .start(Any),
    Pattern::new(
        "flutterwave-key",
        &["FLWSECK"],
        "FLWSECK(?:_TEST)?-(?:[0-9a-zA-Z]{32}-X|[0-9a-zA-Z]{12,})",
        &["FLWSECK_TEST-<x32>-X", "FLWSECK-<x32>-X", "FLWSECK_TEST-<x12>"],
        &["FLWSECK-<11>"],
    )
    .since(3),
    Pattern::new(
        "frameio-token",
        &["fio-u-"],
        "fio-u-[A-Za-z0-9_=-]{64}",
        &["fio-u-<64>"],
        &["fio-u-<63>"],
    )
    .since(3),
    Pattern::new(
        "friendli-token",
        &["flp_"],
        "flp_[A-Za-z0-9]{40,}",
        &["flp_<46>"],
        &["flp_<39>"],
    )
    .since(3),
    Pattern::new(
        "gitlab-token",
        &["GR1348941"],
        "GR1348941[A-Za-z0-9_-]{20}",
        &["GR1348941<20>"],
        &["GR1348941<19>"],
    )
    .since(3),
    Pattern::new(
        "gitlab-session",
        &["_gitlab_session="],
        "_gitlab_session=([0-9a-z]{32})",
        &["_gitlab_session=<x32>"],
        &["_gitlab_session=<x31>"],
    )
    .since(3)
    .start(Any),
    Pattern::new(
        "google-hmac",
        &["GOOG1"],
        "GOOG1[A-Z0-9]{57}",
        &["GOOG1E<u56>"],
        &["GOOG1E<u55>"],
    )
    .since(3),
    Pattern::new(
        "harness-key",
        &["pat.", "sat."],
        "[ps]at\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]\
         {20}",
        &["pat.<22>.<24>.<20>", "sat.<22>.<24>.<20>"],
        &["pat.<22>.<24>.<19>", "pat.pending"],
    )
    .since(3),
    Pattern::new(
        "honeycomb-key",
        &["hcaik_", "hcxik_", "hcamk_", "hcxlk_", "hcalk_"],
        "hc[ax][imcl]k_[A-Za-z0-9_]{32,}",
        &["hcaik_<58>", "hcxlk_<58>"],
        &["hcaik_<31>"],
    )
    .since(3),
    Pattern::new(
        "huggingface-token",
        &["api_org_"],
        "api_org_[A-Za-z0-9]{34}",
        &["api_org_<34>"],
        &["api_org_<33>", "api_org_name"],
    )
    .since(3),
    Pattern::new(
        "azure-key",
        &["JQQJ99"],
        "JQQJ99[A-Za-z0-9]{20,40}\\b{end-half}",
        &["<52>JQQJ99<26>"],
        &["JQQJ99<26>", "<51>JQQJ99<26>"],
    )
    .since(3)
    .start(Run(52)),
    Pattern::new(
        "azure-signature",
        &["?sig=", "&sig=", "&amp;sig="],
        "(?:[?&]|&amp;)sig=([A-Za-z0-9%_-]{40,})",
        &["?sp=r&sig=<43>"],
        &["&sig=<39>", "sig=<43>"],
    )
    .since(3)
    .start(Any)
    .mixed(),
];
