//! The process, as Prometheus's client libraries name its metrics. On Linux only.

use prometheus_client::registry::Registry;

#[cfg(target_os = "linux")]
pub(super) fn register(registry: &mut Registry) {
    use std::sync::atomic::AtomicU64;

    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::registry::Unit;

    let page = u64::try_from(rustix::param::page_size()).unwrap_or_default();
    let ticks = rustix::param::clock_ticks_per_second();
    let Some(stat) = Stat::read() else { return };
    let gauge = |value: u64| {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.set(value);
        gauge
    };
    let (resident, size) = (gauge(stat.resident_pages * page), gauge(stat.virtual_bytes));
    registry.register_with_unit("process_resident_memory", "Resident memory", Unit::Bytes, resident);
    registry.register_with_unit("process_virtual_memory", "Virtual memory", Unit::Bytes, size);
    registry.register("process_threads", "Threads", gauge(stat.threads));
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        let open = u64::try_from(files.count()).unwrap_or(u64::MAX);
        registry.register("process_open_fds", "Open file descriptors", gauge(open));
    }
    if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        registry.register("process_max_fds", "The limit of open file descriptors", gauge(limit));
    }
    if let Some(booted_at) = booted_at() {
        let started_at = gauge(booted_at + stat.started_after_ticks / ticks);
        registry.register_with_unit(
            "process_start_time",
            "When the process started, since 1970",
            Unit::Seconds,
            started_at,
        );
    }
    let processor = Counter::<f64, AtomicU64>::default();
    #[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
    processor.inc_by(stat.processor_ticks as f64 / ticks as f64);
    registry.register_with_unit("process_cpu", "Processor time of the process", Unit::Seconds, processor);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn register(_: &mut Registry) {}

/// When the system was booted, in seconds since 1970.
#[cfg(target_os = "linux")]
fn booted_at() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// What `/proc/self/stat` says (proc(5)).
#[cfg(target_os = "linux")]
struct Stat {
    processor_ticks: u64,
    threads: u64,
    /// When the process started, since the system was booted.
    started_after_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

#[cfg(target_os = "linux")]
impl Stat {
    fn read() -> Option<Self> {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the program is in parentheses, and may contain any character.
        let (_, after_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // The first of these fields has number 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            processor_ticks: field(14)? + field(15)?,
            threads: field(20)?,
            started_after_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}
