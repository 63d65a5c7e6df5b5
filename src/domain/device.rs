//! The name of a client's device, from the `User-Agent` header that it sent.

use std::collections::HashSet;

use woothee::parser::Parser;

/// The value that `woothee` returns for an unknown property.
const UNKNOWN: &str = "UNKNOWN";
/// The categories of clients that people use interactively. Other clients are programs; the first word of their
/// `User-Agent` names them best.
const PEOPLES: [&str; 4] = ["pc", "smartphone", "mobilephone", "appliance"];
/// The longest program name that is shown, in bytes.
const MAX_PRODUCT_LENGTH: usize = 32;

/// The device that sent `user_agent`: `Chrome on Windows`, `Safari on iPhone`, `curl`; `None` if it is unknown.
///
/// Versions are omitted: browsers freeze the system's version (Windows 11 sends `Windows NT 10.0`), and a monthly
/// browser version would make one device look like many.
pub fn name(user_agent: &str) -> Option<String> {
    let known = Parser::new().parse(user_agent).filter(|found| PEOPLES.contains(&found.category));
    let (browser, system) = known.map_or((None, None), |found| (browser(found.name), system(found.os)));
    match (browser, system) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => product(user_agent),
    }
}

/// Whether `user_agent` names the same device as one of `known`. All clients without a name count as one unknown
/// device.
pub fn is_known(user_agent: Option<&str>, known: &[Option<String>]) -> bool {
    let known: HashSet<Option<&str>> = known.iter().map(Option::as_deref).collect();
    // Most sign-ins come from the same browser as an earlier one, and comparing is cheaper than parsing.
    known.contains(&user_agent) || {
        let wanted = user_agent.and_then(name);
        known.into_iter().any(|one| one.and_then(name) == wanted)
    }
}

fn browser(name: &str) -> Option<&str> {
    match name {
        // A browser embedded in an app that does not name itself.
        UNKNOWN | "" | "Webview" => None,
        "SamsungBrowser" => Some("Samsung Internet"),
        name => Some(name),
    }
}

fn system(name: &str) -> Option<&str> {
    match name {
        UNKNOWN | "" => None,
        "Mac OSX" => Some("macOS"),
        "Windows Phone OS" => Some("Windows Phone"),
        windows if windows.starts_with("Windows") => Some("Windows"),
        name => Some(name),
    }
}

/// The first product of a `User-Agent` (RFC 9110, section 10.1.5), without its version. `Mozilla` is not informative,
/// as every browser's header begins with it.
fn product(user_agent: &str) -> Option<String> {
    let product = user_agent.split(['/', ' ', '(', ';']).next().unwrap_or_default();
    let is_plain = product.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    let is_name = is_plain && product.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_name && product.len() <= MAX_PRODUCT_LENGTH && product != "Mozilla").then(|| product.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn devices_are_named_by_browser_and_system() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)";
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (user_agent, device) in [
            (format!("{windows} Chrome/141.0.0.0 Safari/537.36"), "Chrome on Windows"),
            (format!("{windows} HeadlessChrome/141.0.0.0 Safari/537.36"), "Chrome on Windows"),
            (format!("{windows} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"), "Edge on Windows"),
            (format!("{windows} Chrome/141.0.0.0 Safari/537.36 OPR/126.0.0.0"), "Opera on Windows"),
            (format!("{mac} Version/18.1 Safari/605.1.15"), "Safari on macOS"),
            (format!("{iphone} Version/18.1 Mobile/15E148 Safari/604.1"), "Safari on iPhone"),
            (format!("{iphone} CriOS/141.0.0.0 Mobile/15E148 Safari/604.1"), "Chrome on iPhone"),
            (format!("{iphone} Mobile/15E148"), "iPhone"),
            (format!("{android} Chrome/141.0.0.0 Mobile Safari/537.36"), "Chrome on Android"),
            (
                format!("{android} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"),
                "Samsung Internet on Android",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".into(), "Firefox on Linux"),
        ] {
            assert_eq!(name(&user_agent).as_deref(), Some(device), "{user_agent}");
        }
    }

    #[test]
    fn programs_are_named_by_their_product() {
        for (user_agent, device) in [
            ("curl/8.5.0", "curl"),
            ("node", "node"),
            ("okhttp/4.12.0", "okhttp"),
            ("python-requests/2.32.3", "python-requests"),
            ("AcmeWallet/3.1 (build 7)", "AcmeWallet"),
        ] {
            assert_eq!(name(user_agent).as_deref(), Some(device), "{user_agent}");
        }
    }

    #[test]
    fn an_unrecognised_user_agent_has_no_device_name() {
        for user_agent in
            ["", "-", "Mozilla/5.0", "<script>alert(1)</script>", "앱/1.0", "123456", "/", &"x".repeat(33)]
        {
            assert_eq!(name(user_agent), None, "{user_agent}");
        }
    }

    proptest! {
        #[test]
        fn device_names_are_short_and_printable(user_agent in any::<String>()) {
            if let Some(name) = name(&user_agent) {
                prop_assert!(!name.is_empty() && name.len() <= 64 && !name.contains(char::is_control));
            }
        }
    }
}
