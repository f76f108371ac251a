#include "textflag.h"

TEXT ·hostBegin(SB), NOSPLIT, $0
	CallImport
	RET

TEXT ·hostCall(SB), NOSPLIT, $0
	CallImport
	RET

TEXT ·hostTake(SB), NOSPLIT, $0
	CallImport
	RET

TEXT ·hostReturn(SB), NOSPLIT, $0
	CallImport
	RET
