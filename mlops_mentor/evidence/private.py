"""Private: what secrets and personal data look like in a text, whoever they belong to.

Belongs here: the shapes, each linear in the text. Names of known people are for `feedback.packs.identities`.
"""

import re

# Tokens that say by their own shape what they are.
TOKEN = re.compile(
    r"gh[pousr]_\w{16,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64}|(?<!\w)sk-(?=[\w-]{0,40}\d)[\w-]{16,255}"
    r"|sk_live_\w{16,128}|(?<!\w)hf_[A-Za-z0-9]{16,64}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,32}|AIza[\w-]{20,64}|ya29\.[\w-]{20,512}|GOCSPX-[\w-]{20,64}|xox[abeoprs]-[\w-]{10,255}"
    r"|hooks\.slack\.com/services/[\w/]{8,128}|discord(?:app)?\.com/api/webhooks/[\w/-]{8,255}|"
    r"\b\d{8,10}:AA[\w-]{30,40}"
    r"|npm_\w{30,64}|pypi-[\w-]{30,255}|SG\.[\w-]{16,64}\.[\w-]{16,64}|dckr_pat_[\w-]{16,64}|wandb_v1_\w{16,255}"
    r"|eyJ[\w-]{8,4096}\.eyJ[\w-]{8,4096}\.[\w-]{8,4096}|AccountKey=[\w+/=]{20,128}|"
    r"SharedAccessSignature=[^\s'\"]{20,512}"
)
# One of these stands in each of them: most texts have none.
TOKEN_PARTS = ("gh", "glpat-", "sk-", "sk_live_", "hf_", "AKIA", "ASIA", "AIza", "ya29.", "GOCSPX-", "xox", "hooks.",
               "webhooks", ":AA", "npm_", "pypi-", "SG.", "dckr_pat_", "wandb_v1_", "eyJ", "AccountKey=",
               "SharedAccess")  # fmt: skip
SECRET_PARTS = ("passw", "passphrase", "secret", "token", "key", "credential")
# A string handed to a name that speaks of a secret; `value` is what it is.
ASSIGNED = re.compile(
    r"(?i)(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|"
    r"wandb[_-]?key"
    r"|credentials?)\w{0,30}['\"]?\]?[ \t]{0,8}(?:[:=]|:[ \t]{0,4}str[ \t]{0,4}=)[ \t]{0,8}(?P<quote>['\"])"
    r"(?P<value>[^\s'\"{}$<>]{6,512})(?P=quote)"
)
# The same without quotes, as settings and shells write it: a whole line, and no reference to something else.
SETTING = re.compile(
    r"(?im)^[ \t>-]{0,24}(?:export[ \t]+|ENV[ \t]+|ARG[ \t]+|set[ \t]+)?[\w.-]{0,40}(?:password|passwd|secret|"
    r"token|api[_-]?key"
    r"|access[_-]?key|auth[_-]?key)\w{0,20}[ \t]{0,8}[:=][ \t]{0,8}(?P<value>[^\s'\"(){}\[\]$<>,;*]{8,512})[ \t\r]*$"
)
URL_LOGIN = re.compile(
    r"(?P<head>\b[a-z][a-z0-9+.-]{1,15}://)(?P<login>[^\s/:@'\"{}$<>]{0,64}:[^\s/@'\"{}$<>]{1,128})@"
)
# Forty digits of base 16 are a key of Weights & Biases as well as a commit: the line must speak of one.
HEX_KEY = re.compile(r"(?<![0-9a-zA-Z@/])[0-9a-f]{40}(?![0-9a-zA-Z])")
SPEAKS_OF_KEYS = re.compile(r"(?i)wandb|api|key|token|secret|login|auth|credential|passw")
KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

_ENDINGS = (
    "com|org|net|edu|gov|info|name|academy|tech|email|online|cloud|app|dev|ai|io|eu|uk|us|dk|de|se|no|fi|is|nl|"
    "be|fr|es|"
    "pt|it|gr|pl|cz|sk|hu|ro|bg|hr|si|lt|lv|ee|at|ch|ie|lu|mt|cy|tr|ru|ua|cn|jp|kr|in|pk|bd|lk|ir|il|ae|sa|eg|za|ng|ke|"
    "br|mx|ar|cl|co|pe|ca|au|nz|sg|my|id|vn|th|ph|hk|tw|me"
)
# By its ending, because `x@self.weight` and `actions/checkout@v4.2` are none.
E_MAIL = re.compile(
    r"(?<![\w.+%/-])(?!git@)[\w.+%-]{1,64}(?:\[bot\])?@(?:[A-Za-z0-9-]{1,63}\.){1,5}"
    rf"(?:{_ENDINGS}|{_ENDINGS.upper()})(?![\w(@-])"
)
NO_ONES = re.compile(
    r"(?i)@(?:[a-z0-9-]+\.)?example\.(?:com|org|net)$|^(?:you|your[._-]?(?:name|e?mail)|name|user|email)@"
)
STUDY_NUMBER = re.compile(r"(?<![A-Za-z0-9])[sS]\d{6}(?![0-9])(?!\.\d)")
CPR = re.compile(r"(?<![\w.-])(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-\d{4}(?![\w-])")
PHONE = re.compile(
    r"(?<![\w.+-])(?:\+|00)(?:45|46|47|49|44|33|34|39|31|32|30|351|353|354|358|36|40|41|43|48|420|90|91|92|86|1)[ .-]?"
    r"\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?![\w-])"
)
SPOKEN_PHONE = re.compile(
    r"(?i)(?P<head>\b(?:tlf|telefon|phone|mobile?|tel|call|whatsapp)\b\.?[^\w\n+]{1,4}(?:nr\.?|number|"
    r"no\.?)?[^\w\n+]{0,4})"
    r"\d{2}(?:[ .-]?\d{2}){3}(?!\d)"
)
HOME = re.compile(
    r"(?P<head>/home/|/Users/|(?i:[a-z]:[\\/]{1,2}users[\\/]{1,2}))(?P<name>[^/\\\s'\"{}<>$:;,)\]`*]{1,64})"
)
# Accounts of machines.
NO_NAMES = frozenset(
    ["runner", "user", "users", "app", "appuser", "vscode", "jovyan", "root", "ubuntu", "airflow", "docker", "nonroot",
     "worker", "me", "you", "your", "username", "your_username", "your-username", "yourname", "public",
     "default", "node", "python", "mambauser", "model-server", "devuser", "dev", "admin", "name", "git"]
)  # fmt: skip
