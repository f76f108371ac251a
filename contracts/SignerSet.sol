// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletKeys} from "./interfaces/ICryptletKeys.sol";
import {ISignerSet} from "./interfaces/ISignerSet.sol";
import {GroupSignature} from "./libraries/GroupSignature.sol";
import {Signature} from "./libraries/Signature.sol";
import {SignerSetState} from "./SignerSetState.sol";

/// @title Who may sign for a contract, in plain Solidity: kept by the keys' registry, checked for each message.
/// @notice An heir hashes its message, checks order and time, and hands hash and calldata to one of the three checks here:
/// `_checkPacked` (a list, named in the calldata), `_checkGroup` (a group key, named in the calldata) or
/// `_checkSignatures` (signatures as the envelope has them, against what is stored). All three accept the same keys.
/// @dev Packed rules, the low 80 bits of a report: bitmap of the absent (32) | notAfter (32) | then for a list members that
/// may be absent (8) and members - 1 (8), for a group 255 and the point's parity, 27 or 28.
abstract contract SignerSet is SignerSetState, ISignerSet {
    /// @notice Most members of a list.
    uint256 public constant MAX_SIGNERS = 32;

    /// @dev Stands where a list says how many may be absent, which is 31 at most.
    uint256 internal constant GROUP_MARK = 0xff;
    /// @dev Px (32 bytes), z (32), address of R (20).
    uint256 internal constant GROUP_PROOF_LENGTH = 84;

    modifier onlyRegistry() {
        if (msg.sender != _registry) revert NotRegistry(msg.sender);
        _;
    }

    /// @inheritdoc ISignerSet
    function setSigners(Signers calldata signers) external virtual onlyRegistry {
        uint256 count = signers.admitted.length;
        if (count == 0 || count > MAX_SIGNERS || signers.threshold == 0 || signers.threshold > count)
            revert BadSignerSet();
        for (uint256 i = 0; i < count; ++i)
            if (signers.admitted[i] <= (i == 0 ? address(0) : signers.admitted[i - 1])) revert BadSignerSet();
        _workload = signers.workload;
        _threshold = signers.threshold;
        _requireHardware = signers.requireHardware;
        _admitted = signers.admitted;
        refreshSigners();
    }

    /// @inheritdoc ISignerSet
    function setGroup(address group) external virtual onlyRegistry {
        ICryptletKeys.Group memory known = _keys.groupOf(group);
        if (group != address(0)) {
            if (known.k == 0) revert UnknownSigner(group);
            if (known.k < _threshold) revert GroupTooSmall(group, known.k, _threshold);
        }
        (_group, _groupX, _groupParity) = (group, known.x, known.parity);
        refreshSigners();
    }

    /// @inheritdoc ISignerSet
    function refreshSigners() public virtual {
        (uint256 listTag, bool listHardware) = _refreshList();
        (uint256 groupNotAfter, bool groupHardware) = _standingOfGroup();
        uint256 tag = groupNotAfter == 0 ? listTag : _tagOfGroup(_groupX, _groupParity, groupNotAfter);
        _hardware = (listTag != 0 || groupNotAfter != 0) &&
            (listTag == 0 || listHardware) &&
            (groupNotAfter == 0 || groupHardware);
        if (_groupNotAfter != groupNotAfter || _group != address(0)) {
            _groupNotAfter = uint32(groupNotAfter);
            _listTag = groupNotAfter == 0 ? 0 : listTag;
            emit GroupChanged(groupNotAfter == 0 ? address(0) : _group, groupNotAfter);
        }
        _head = (_head & ~TAG_MASK) | tag;
    }

    /// @inheritdoc ISignerSet
    function signerSet() public view returns (uint8 threshold, uint32 notAfter, address[] memory active) {
        (threshold, notAfter) = (_threshold, _notAfter);
        active = new address[](_admitted.length);
        uint256 count;
        for (uint256 i = 0; i < active.length; ++i) if ((_active >> i) & 1 == 1) active[count++] = _admitted[i];
        assembly ("memory-safe") {
            mstore(active, count)
        }
    }

    /// @inheritdoc ISignerSet
    function groupKey() public view returns (address group, uint256 x, uint8 parity, uint32 notAfter) {
        if (_groupNotAfter >= block.timestamp)
            (group, x, parity, notAfter) = (_group, _groupX, _groupParity, _groupNotAfter);
    }

    /// @notice The admitted group, whether or not it may sign now; 0 when there is none.
    function admittedGroup() external view returns (address) {
        return _group;
    }

    /// @notice Measurement that every signing key must be attested for.
    function workload() external view returns (bytes32) {
        return _workload;
    }

    /// @notice Registry of attested keys.
    function keys() external view returns (ICryptletKeys) {
        return _keys;
    }

    /// @notice Who may change the signers.
    function registry() external view returns (address) {
        return _registry;
    }

    /// @notice True when hardware vouches for every key that may sign now; false for simulated ones.
    function hardware() external view returns (bool) {
        return _hardware;
    }

    /// @dev Members that sign and bytes of their part of the calldata, by the bitmap.
    function _packedLength(uint256 rules) internal pure returns (uint256 signing, uint256 length) {
        uint256 members = uint256(uint8(rules)) + 1;
        uint256 missing;
        for (uint256 i = 0; i < members; ++i) if ((uint32(rules >> 48) >> i) & 1 == 1) ++missing;
        signing = members - missing;
        length = signing * Signature.LENGTH + missing * 20;
    }

    /// @dev Rebuild the list from the calldata at `position` and compare it with the bound one; else say what is wrong.
    function _checkPacked(bytes32 hash, uint256 rules, uint256 position) internal view {
        uint256 members = uint256(uint8(rules)) + 1;
        uint256 mayMiss = uint8(rules >> 8);
        (uint256 signing, ) = _packedLength(rules);
        if (members - signing > mayMiss) revert UnderSigned(signing, members > mayMiss ? members - mayMiss : 0);
        address[] memory set = new address[](members);
        for (uint256 i = 0; i < members; ++i) {
            if ((uint32(rules >> 48) >> i) & 1 == 1) {
                set[i] = address(bytes20(msg.data[position:position + 20]));
                position += 20;
                continue;
            }
            if (Signature.isMalleable(position)) revert MalleableSignature(i);
            set[i] = Signature.recover(hash, position);
            if (set[i] == address(0)) revert InvalidSignature(i);
            position += Signature.LENGTH;
        }
        uint256 notAfter = uint32(rules >> 16);
        // A bit beyond the members would be a second form of the same message.
        bool exact = members > 31 || uint32(rules >> 48) >> members == 0;
        // While the group may sign, `_head` has its tag, and the list is the way round it.
        uint256 bound = _groupNotAfter == 0 ? _head & TAG_MASK : _listTag;
        if (exact && _tagOf(set, members, mayMiss, notAfter) == bound && notAfter >= block.timestamp) return;
        for (uint256 i = 0; i < members; ++i) if ((uint32(rules >> 48) >> i) & 1 == 0) _refuseSigner(set[i]);
        revert StaleSignerSet();
    }

    /// @dev Px, z and the address of R stand at `position`; the caller checked the calldata's length.
    function _checkGroup(bytes32 hash, uint256 rules, uint256 position) internal view {
        uint256 x = uint256(bytes32(msg.data[position:position + 32]));
        uint256 z = uint256(bytes32(msg.data[position + 32:position + 64]));
        address commitment = address(bytes20(msg.data[position + 64:position + 84]));
        uint8 parity = uint8(rules);
        if (!GroupSignature.isValid(hash, x, parity, z, commitment)) revert InvalidGroupSignature();
        uint256 notAfter = uint32(rules >> 16);
        bool exact = uint32(rules >> 48) == 0 && uint8(rules >> 8) == GROUP_MARK;
        bool bound = _groupNotAfter != 0 && _tagOfGroup(x, parity, notAfter) == _head & TAG_MASK;
        if (exact && bound && notAfter >= block.timestamp) return;
        _refuseGroup(GroupSignature.addressOf(x, parity));
    }

    /// @dev The plain way: signatures in any order against the stored members, or one of the stored group.
    function _checkSignatures(bytes32 hash, bytes[] calldata signatures) internal view {
        if (signatures.length == 1 && signatures[0].length == GroupSignature.LENGTH) {
            _checkStoredGroup(hash, signatures[0]);
            return;
        }
        (uint8 threshold, uint32 notAfter, address[] memory active) = signerSet();
        uint256 seen;
        for (uint256 i = 0; i < signatures.length; ++i) {
            if (signatures[i].length != Signature.LENGTH) revert WrongLength(Signature.LENGTH, signatures[i].length);
            bytes calldata signature = signatures[i];
            uint256 position;
            assembly ("memory-safe") {
                position := signature.offset
            }
            if (Signature.isMalleable(position)) revert MalleableSignature(i);
            address signer = Signature.recover(hash, position);
            if (signer == address(0)) revert InvalidSignature(i);
            uint256 member;
            while (member < active.length && active[member] != signer) ++member;
            if (member == active.length || notAfter < block.timestamp) {
                _refuseSigner(signer);
                revert StaleSignerSet();
            }
            if ((seen >> member) & 1 == 1) revert DuplicateSigner(signer);
            seen |= 1 << member;
        }
        if (threshold == 0 || signatures.length < threshold) revert UnderSigned(signatures.length, threshold);
    }

    /// @dev 112 bits that stand for this contract, notAfter, the report's two counts and the members in their order.
    function _tagOf(
        address[] memory members,
        uint256 count,
        uint256 mayMiss,
        uint256 notAfter
    ) internal view returns (uint256) {
        uint256 rules = (notAfter << 16) | (mayMiss << 8) | (count - 1);
        uint256[] memory set = new uint256[](count + 1);
        set[0] = (rules << 208) | uint160(address(this));
        for (uint256 i = 0; i < count; ++i) set[i + 1] = uint160(members[i]);
        return uint256(keccak256(abi.encodePacked(set))) & TAG_MASK;
    }

    /// @dev The same for a group. No list has 255 members that may be absent, so that neither is ever read as the other.
    function _tagOfGroup(uint256 x, uint256 parity, uint256 notAfter) internal view returns (uint256) {
        uint256 rules = (notAfter << 16) | (GROUP_MARK << 8) | parity;
        return uint256(keccak256(abi.encode((rules << 208) | uint160(address(this)), x))) & TAG_MASK;
    }

    /// @dev Keeps the members that are good now; tag 0 when fewer than the threshold are left.
    function _refreshList() private returns (uint256 tag, bool allHardware) {
        address[] memory members = _admitted;
        ICryptletKeys.Standing[] memory standings = _keys.standingsOf(members, _workload);
        bool hardwareOnly = _requireHardware;
        uint256 threshold = _threshold;
        uint256 active;
        uint256 count;
        uint256 notAfter = type(uint32).max;
        allHardware = true;
        for (uint256 i = 0; i < members.length; ++i) {
            ICryptletKeys.Standing memory standing = standings[i];
            if (standing.notAfter == 0 || (hardwareOnly && !standing.hardware)) continue;
            active |= 1 << i;
            members[count++] = members[i];
            if (standing.notAfter < notAfter) notAfter = standing.notAfter;
            allHardware = allHardware && standing.hardware;
        }
        if (count < threshold) (active, count, notAfter, allHardware) = (0, 0, 0, false);
        (_active, _notAfter) = (uint32(active), uint32(notAfter));
        tag = count == 0 ? 0 : _tagOf(members, count, count - threshold, notAfter);
        emit SignerSetChanged(threshold, count, notAfter, allHardware);
    }

    /// @dev notAfter is 0 when there is no group that may sign now.
    function _standingOfGroup() private view returns (uint256 notAfter, bool hardware_) {
        if (_group == address(0)) return (0, false);
        (ICryptletKeys.Standing memory standing, uint8 k) = _keys.groupStandingOf(_group, _workload);
        if (standing.notAfter == 0 || k < _threshold || (_requireHardware && !standing.hardware)) return (0, false);
        notAfter = standing.notAfter < type(uint32).max ? standing.notAfter : type(uint32).max;
        hardware_ = standing.hardware;
    }

    function _checkStoredGroup(bytes32 hash, bytes calldata signature) private view {
        (address group, uint256 x, uint8 parity, uint32 notAfter) = groupKey();
        if (group == address(0) || notAfter < block.timestamp) {
            if (_group == address(0)) revert InvalidGroupSignature();
            _refuseGroup(_group);
        }
        uint256 z = uint256(bytes32(signature[:32]));
        if (!GroupSignature.isValid(hash, x, parity, z, address(bytes20(signature[32:]))))
            revert InvalidGroupSignature();
    }

    function _refuseGroup(address group) private view {
        _refuseKey(group);
        if (_group != group) revert SignerNotAdmitted(group);
        ICryptletKeys.Group memory known = _keys.groupOf(group);
        if (known.suspended) revert GroupSuspended(group);
        if (known.k < _threshold) revert GroupTooSmall(group, known.k, _threshold);
        revert StaleSignerSet();
    }

    /// @dev Returns only when nothing is wrong with the signer itself.
    function _refuseSigner(address signer) private view {
        _refuseKey(signer);
        for (uint256 i = 0; i < _admitted.length; ++i) if (_admitted[i] == signer) return;
        revert SignerNotAdmitted(signer);
    }

    function _refuseKey(address signer) private view {
        ICryptletKeys.Key memory key = _keys.keyOf(signer);
        if (key.status == ICryptletKeys.Status.NONE) revert UnknownSigner(signer);
        if (key.status != ICryptletKeys.Status.ACTIVE) revert KeyNotActive(signer, key.status);
        if (key.notAfter < block.timestamp) revert KeyExpired(signer, key.notAfter);
        if (key.workload != _workload) revert WrongWorkload(signer, key.workload);
        uint256 floor = _keys.svnFloorOf(key.workload);
        if (key.svn < floor) revert SvnTooLow(signer, key.svn, floor);
        if (_requireHardware && !key.hardware) revert HardwareRequired(signer);
    }
}
