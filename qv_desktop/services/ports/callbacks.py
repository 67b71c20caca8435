"""What services are given to call: whom they tell, and what time it is."""

from collections.abc import Callable
from datetime import datetime

from qv_desktop.domain.events import Event

type Publish = Callable[[Event], None]
type Now = Callable[[], datetime]  # aware UTC
type Progress = Callable[[float, str], None]  # from 0 to 1, and what it waits for; called on the loop
