#include "codegen/reserved_words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace tern::codegen {

namespace {

// C++20's, C++26's, and GNU's `typeof`.
constexpr std::string_view kKeywords =
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class "
    "co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue "
    "contract_assert decltype default delete do double dynamic_cast else enum explicit export extern false float "
    "for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq "
    "private protected public register reinterpret_cast requires return short signed sizeof static static_assert "
    "static_cast struct switch template this thread_local throw true try typedef typeid typename typeof union "
    "unsigned using virtual void volatile wchar_t while xor xor_eq";

// The macros of the headers of C, C++, POSIX, Linux and Qt, and of compilers for other processors. Names that
// looks_like_macro() recognises by their spelling are left out. tests/codegen/names_test.py compares this list with the
// compiler's own.
// clang-format off
constexpr std::string_view kMacros =
    "ACCESSPERMS AF_DECnet ALLPERMS B0 B1000000 B110 B115200 B1152000 B1200 B134 B150 B1500000 B1800 B19200 B200 "
    "B2000000 B230400 B2400 B2500000 B300 B3000000 B3500000 B38400 B4000000 B460800 B4800 B50 B500000 B57600 "
    "B576000 B600 B75 B921600 B9600 BRKINT BS0 BS1 BSDLY BUFSIZ CANBSIZ CBAUD CBAUDEX CBRK CCEQ CDISCARD CDSUSP "
    "CEOF CEOL CEOT CERASE CFLUSH CIBAUD CINTR CKILL CLNEXT CLOCAL CMIN CMSPAR CODESET CQUIT CR0 CR1 CR2 CR3 "
    "CRDLY CREAD CREPRINT CRNCYSTR CRPRNT CRTSCTS CS5 CS6 CS7 CS8 CSIGNAL CSIZE CSTART CSTATUS CSTOP CSTOPB CSUSP "
    "CTIME CTRL CWERASE DEBUG DEFFILEMODE DOMAIN DTTOIF E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EADV EAFNOSUPPORT "
    "EAGAIN EALREADY EBADE EBADF EBADFD EBADMSG EBADR EBADRQC EBADSLT EBFONT EBUSY ECANCELED ECHILD ECHO ECHOCTL "
    "ECHOE ECHOK ECHOKE ECHONL ECHOPRT ECHRNG ECOMM ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDEADLOCK "
    "EDESTADDRREQ EDOM EDOTDOT EDQUOT EEXIST EFAULT EFBIG EHOSTDOWN EHOSTUNREACH EHWPOISON EIDRM EILSEQ "
    "EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR EISNAM EKEYEXPIRED EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC "
    "EL3HLT EL3RST ELIBACC ELIBBAD ELIBEXEC ELIBMAX ELIBSCN ELNRNG ELOOP EMEDIUMTYPE EMFILE EMLINK EMSGSIZE "
    "EMULTIHOP ENAMETOOLONG ENAVAIL ENETDOWN ENETRESET ENETUNREACH ENFILE ENOANO ENOBUFS ENOCSI ENODATA ENODEV "
    "ENOENT ENOEXEC ENOKEY ENOLCK ENOLINK ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG ENOPROTOOPT ENOSPC ENOSR ENOSTR "
    "ENOSYS ENOTBLK ENOTCONN ENOTDIR ENOTEMPTY ENOTNAM ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENOTUNIQ ENXIO EOF "
    "EOPNOTSUPP EOVERFLOW EOWNERDEAD EPERM EPFNOSUPPORT EPIPE EPOLLERR EPOLLET EPOLLEXCLUSIVE EPOLLHUP EPOLLIN "
    "EPOLLMSG EPOLLONESHOT EPOLLOUT EPOLLPRI EPOLLRDBAND EPOLLRDHUP EPOLLRDNORM EPOLLWAKEUP EPOLLWRBAND "
    "EPOLLWRNORM EPROTO EPROTONOSUPPORT EPROTOTYPE ERA ERANGE EREMCHG EREMOTE EREMOTEIO ERESTART ERFKILL EROFS "
    "ESHUTDOWN ESOCKTNOSUPPORT ESPIPE ESRCH ESRMNT ESTALE ESTRPIPE ETIME ETIMEDOUT ETOOMANYREFS ETXTBSY EUCLEAN "
    "EUNATCH EUSERS EWOULDBLOCK EXDEV EXFULL EXTA EXTB EXTPROC FALSE FAPPEND FASYNC FF0 FF1 FFDLY FFSYNC FIOASYNC "
    "FIOCLEX FIOGETOWN FIONBIO FIONCLEX FIONREAD FIOQSIZE FIOSETOWN FLUSHO FNDELAY FNONBLOCK GROUPING HUGE HUPCL "
    "HZ ICANON ICRNL IEXTEN IFHWADDRLEN IFNAMSIZ IFTODT IGNBRK IGNCR IGNPAR IMAXBEL INFINITY INLCR INPCK ISIG "
    "ISTRIP IUCLC IUTF8 IXANY IXOFF IXON L_ctermid L_cuserid L_tmpnam MAX MAXFLOAT MAXHOSTNAMELEN MAXNAMLEN "
    "MAXPATHLEN MAXSYMLINKS MIN MINSIGSTKSZ NAN NBBY NCARGS NCC NCCS NDEBUG NFDBITS NGREG NGROUPS NL0 NL1 NLDLY "
    "NODEV NOEXPR NOFILE NOFLSH NOGROUP NOSTR NSIG NULL NZERO OCRNL OFDEL OFILL OLCUC ONLCR ONLRET ONOCR OPOST "
    "OVERFLOW PARENB PARMRK PARODD PENDIN PF_DECnet PLOSS POLLERR POLLHUP POLLIN POLLMSG POLLNVAL POLLOUT POLLPRI "
    "POLLRDBAND POLLRDHUP POLLRDNORM POLLREMOVE POLLWRBAND POLLWRNORM PPC P_tmpdir RADIXCHAR SIGABRT SIGALRM "
    "SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF "
    "SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSEGV SIGSTKFLT SIGSTKSZ SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN "
    "SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SING SIOGIFINDEX SNAN SNANF SNANF128 "
    "SNANF32 SNANF32X SNANF64 SNANF64X SNANL SOMAXCONN TAB0 TAB1 TAB2 TAB3 TABDLY TCFLSH TCGETA TCGETS TCGETS2 "
    "TCGETX TCIFLUSH TCIOFF TCIOFLUSH TCION TCOFLUSH TCOOFF TCOON TCSADRAIN TCSAFLUSH TCSANOW TCSBRK TCSBRKP "
    "TCSETA TCSETAF TCSETAW TCSETS TCSETS2 TCSETSF TCSETSF2 TCSETSW TCSETSW2 TCSETX TCSETXF TCSETXW TCXONC "
    "THOUSEP TLOSS TOSTOP TRUE UNDERFLOW VDISCARD VEOF VEOL VEOL2 VERASE VINTR VKILL VLNEXT VMIN VQUIT VREPRINT "
    "VSTART VSTOP VSUSP VSWTC VT0 VT1 VTDLY VTIME VWERASE WCONTINUED WCOREDUMP WCOREFLAG WEOF WEXITED WEXITSTATUS "
    "WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WNOHANG WNOWAIT WSTOPPED WSTOPSIG WTERMSIG WUNTRACED XCASE "
    "XTABS YESEXPR YESSTR _FLOAT_H___ _LIMITS_H___ alloca arm assert assert_perror be16toh be32toh be64toh "
    "bswap_16 bswap_32 bswap_64 clrbit d_fileno emit errno foreach forever h_addr h_errno howmany hpux htobe16 "
    "htobe32 htobe64 htole16 htole32 htole64 i386 ifa_broadaddr ifa_dstaddr ifc_buf ifc_req ifr_addr "
    "ifr_bandwidth ifr_broadaddr ifr_data ifr_dstaddr ifr_flags ifr_hwaddr ifr_ifindex ifr_map ifr_metric ifr_mtu "
    "ifr_name ifr_netmask ifr_newname ifr_qlen ifr_slave isclr isset issubnormal le16toh le32toh le64toh linux "
    "m68k major makedev math_errhandling minor mips no_argument offsetof optional_argument powerof2 powerpc "
    "pthread_cleanup_pop pthread_cleanup_pop_restore_np pthread_cleanup_push pthread_cleanup_push_defer_np "
    "required_argument roundup s6_addr s6_addr16 s6_addr32 sa_handler sa_sigaction sched_priority setbit setjmp "
    "si_addr si_addr_lsb si_arch si_band si_call_addr si_fd si_int si_lower si_overrun si_pid si_pkey si_ptr "
    "si_status si_stime si_syscall si_timerid si_uid si_upper si_utime si_value sigev_notify_attributes "
    "sigev_notify_function sigmask signals sigsetjmp slots sparc st_atime st_ctime st_mtime stderr stdin stdout "
    "strdupa strndupa sun timeradd timerclear timercmp timerisset timersub unix va_arg va_copy va_end va_start "
    "vax";
// clang-format on

constexpr std::array<std::string_view, 15> kMacroPrefixes{"SYS_", "M_",   "SIOC", "TIOC", "PRId",
                                                          "PRIi", "PRIo", "PRIu", "PRIx", "PRIX",
                                                          "SCNd", "SCNi", "SCNo", "SCNu", "SCNx"};

class Words {
 public:
  explicit Words(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(' '), text.size());
      words_.insert(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  [[nodiscard]] bool contain(std::string_view word) const { return words_.contains(word); }

 private:
  std::unordered_set<std::string_view> words_;
};

bool is_capital(char letter) { return letter >= 'A' && letter <= 'Z'; }
bool is_small(char letter) { return letter >= 'a' && letter <= 'z'; }

/// C++ leaves names that begin so to compilers and their libraries ([lex.name]).
bool belongs_to_the_compiler(std::string_view name) {
  return name.size() > 1 && name[0] == '_' && (name[1] == '_' || is_capital(name[1]));
}

/// The compiler's own names, and capitals with an underscore between them: `AF_INET`, a project's `USE_TLS`. Words of
/// capitals alone are left: many services are called `KV` or `DNS`.
bool looks_like_macro(std::string_view name) {
  if (belongs_to_the_compiler(name)) return !name.ends_with("___");
  if (name.ends_with('_')) return false;
  if (name.find('_') != std::string_view::npos && std::none_of(name.begin(), name.end(), is_small)) return true;
  return std::any_of(kMacroPrefixes.begin(), kMacroPrefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

bool is_keyword(std::string_view name) {
  static const Words kWords{kKeywords};
  return kWords.contain(name);
}

bool is_macro(std::string_view name) {
  static const Words kWords{kMacros};
  return kWords.contain(name) || looks_like_macro(name);
}

}  // namespace tern::codegen
