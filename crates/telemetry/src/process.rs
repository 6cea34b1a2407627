//! What the system and the runtime count for this process; on Linux.

use std::fs;

use tokio::runtime::Handle;

/// Ticks of the system's clock per second, as Linux shows them to programs on every architecture.
const TICKS: f64 = 100.0;

/// Values of metrics, as far as the system shows them.
pub(crate) fn observed() -> Vec<(&'static str, f64)> {
    let mut values = Vec::with_capacity(10);
    let mut note = |name, value: Option<f64>| values.extend(value.map(|value| (name, value)));
    // The name of the program, in parentheses, may contain spaces.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let stat: Vec<f64> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(1).map(number).collect();
    // proc_pid_stat(5): utime is the 14th field; the list begins with the 4th.
    let field = |number: usize| stat.get(number - 4).copied();
    note("process_cpu_seconds_total", field(14).zip(field(15)).map(|(user, system)| (user + system) / TICKS));
    note("process_threads", field(20));
    note("process_virtual_memory_bytes", field(23));
    note("process_start_time_seconds", field(22).zip(booted_at()).map(|(since, booted)| booted + since / TICKS));
    note("process_resident_memory_bytes", entry("/proc/self/status", "VmRSS:").map(|kibibytes| kibibytes * 1024.0));
    let open = fs::read_dir("/proc/self/fd").ok().and_then(|open| u32::try_from(open.count()).ok());
    // One of them is that of the directory.
    note("process_open_fds", open.map(|open| f64::from(open.saturating_sub(1))));
    note("process_max_fds", entry("/proc/self/limits", "Max open files"));
    if let Ok(runtime) = Handle::try_current() {
        let runtime = runtime.metrics();
        let count = |number: usize| u32::try_from(number).ok().map(f64::from);
        note("sigma_runtime_tasks", count(runtime.num_alive_tasks()));
        note("sigma_runtime_queued_tasks", count(runtime.global_queue_depth()));
    }
    values
}

/// When the machine started, in seconds since 1970.
fn booted_at() -> Option<f64> {
    entry("/proc/stat", "btime")
}

/// The first number behind `key` in a file of lines.
fn entry(file: &str, key: &str) -> Option<f64> {
    let text = fs::read_to_string(file).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_observed() {
        let values = observed();
        let of = |name: &str| values.iter().find(|(of, _)| *of == name).unwrap().1;
        assert!(of("process_resident_memory_bytes") > 100_000.0);
        assert!(of("process_virtual_memory_bytes") >= of("process_resident_memory_bytes"));
        assert!(of("process_open_fds") >= 3.0 && of("process_open_fds") <= of("process_max_fds"));
        assert!(of("process_threads") >= 1.0 && of("process_cpu_seconds_total") >= 0.0);
        assert!(of("process_start_time_seconds") > 1_700_000_000.0, "after 2023");
    }
}
