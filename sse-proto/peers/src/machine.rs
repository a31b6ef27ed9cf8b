//! Where the figures were made.

use std::process::Command;

/// The processor and the compiler, in one line.
pub fn describe() -> String {
    format!("{}; {} threads; {}", processor(), threads(), compiler())
}

/// The processor's name.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let wide = if text.contains(" avx512bw") {
        ", AVX-512"
    } else if text.contains(" avx2") {
        ", AVX2"
    } else {
        ""
    };
    format!("{}{wide}", name.map_or(std::env::consts::ARCH, |(_, name)| name))
}

/// How many threads run at once.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The compiler that cargo would take here, which is the one that built this unless it was changed since.
fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "rustc unknown".to_owned(),
    }
}

/// Whether the instruction counts of this machine can be compared to the ceilings: x86-64, and AVX2 for valgrind to
/// show to the program.
pub fn counts_are_comparable() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}
