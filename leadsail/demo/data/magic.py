"""One lead for each ending that makes the sandbox do something particular: who is called, and what will happen."""

from __future__ import annotations

from dataclasses import dataclass

TAG = "sandbox"
# The whole row of San Francisco's second area code: the last two digits are the ending.
PREFIX = "+162855501"

LEADS = {
    "00": ("Clara", "Contacted"),
    "01": ("Quentin", "Qualified"),
    "02": ("Dora", "Disqualified"),
    "03": ("Cal", "Callback"),
    "04": ("Flora", "Follow-up"),
    "05": ("Stella", "Stop-calling"),
    "06": ("Silas", "Silent"),
    "07": ("Vincent", "Voicemail"),
    "08": ("Nadine", "No-answer"),
    "09": ("Bruno", "Busy"),
    "10": ("Gunther", "Number-gone"),
    "11": ("Delia", "Declines"),
    "12": ("Frank", "Fault-in-call"),
    "13": ("Max", "Maximum-duration"),
    "14": ("Marvin", "Machine-noticed-late"),
    "15": ("Victor", "Vague-callback"),
    "16": ("Greta", "Greeting-says-stop"),
    "17": ("Lorna", "Long-talk"),
    "18": ("Shay", "Short-talk"),
    "30": ("Anton", "Accepted-never-answered"),
    "31": ("Dirk", "Accepted-then-dropped"),
    "32": ("Ada", "Accepted-then-500"),
    "33": ("Rufus", "500-not-accepted"),
    "34": ("Theo", "Throttled-twice"),
    "35": ("Bea", "System-busy-once"),
    "36": ("Drew", "Dropped-not-accepted"),
    "37": ("Hank", "Hangs-not-accepted"),
    "38": ("Sonia", "Success-false"),
    "39": ("Ivan", "Invalid-number-400"),
    "40": ("Ursula", "Unauthorized-401"),
    "41": ("Webster", "Webhook-first"),
    "42": ("Doris", "Duplicate-webhook"),
    "43": ("Analise", "Analysis-later"),
    "44": ("Oscar", "Out-of-order"),
    "45": ("Norah", "No-webhook"),
    "46": ("Latisha", "Late-webhook"),
    "47": ("Stan", "Stale-signature"),
    "48": ("Futura", "Future-signature"),
    "49": ("Malcolm", "Malformed-signature"),
    "50": ("Tim", "Two-signatures"),
    "51": ("Wendy", "Wrong-secret"),
    "52": ("Una", "Unknown-event"),
    "53": ("Enzo", "Enums-unknown"),
    "54": ("Nell", "Null-messages"),
    "55": ("Tara", "Transcript-missing"),
    "56": ("Chuck", "Chunked-body"),
    "57": ("Hugo", "Huge-body"),
    "58": ("Eunice", "Every-script"),
    "59": ("Idris", "Ids-missing"),
    "60": ("Uri", "Unreadable-answer"),
    "61": ("Gail", "Get-only-failure"),
    "62": ("Ina", "Initiated-for-ever"),
    "63": ("Piers", "In-progress-for-ever"),
    "64": ("Jason", "JSON-broken-first"),
    "65": ("Uma", "Unknown-conversation"),
    "66": ("Forrest", "Foreign-tenant-first"),
    "67": ("Rhea", "Recording-none"),
    "68": ("Lars", "Late-recording"),
    "69": ("Slater", "Slow-answer"),
}


@dataclass(frozen=True)
class Ready:
    """Further leads who end well, so that one who may be called is always at hand: one is pointed to at each start."""

    first_name: str
    phone: str
    zone: str = ""


READY = (
    Ready("Anna", "+12125550101"),
    Ready("Marcus", "+13125550101"),
    Ready("Elena", "+13035550101"),
    Ready("Kai", "+18085550101"),
    Ready("Oliver", "+442079460101"),
    Ready("Matilda", "+61255500101"),
    Ready("Yuki", "+442079460201", "Asia/Tokyo"),
    Ready("Arjun", "+61255500201", "Asia/Kolkata"),
)
READY_ENDING = "01"
