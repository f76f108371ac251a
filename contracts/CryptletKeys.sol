// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ICryptletKeys} from "./interfaces/ICryptletKeys.sol";
import {KeyLinks} from "./keys/KeyLinks.sol";
import {VerifierSet} from "./keys/VerifierSet.sol";
import {GroupSignature} from "./libraries/GroupSignature.sol";

/// @title Signing keys of enclaves, attested by k-of-n verifiers: appraise once, then one signature per value.
/// @notice Verifiers appraise evidence off chain and sign the result (EIP-712); anyone carries it here. A change of a
/// key is pushed into every feed that admitted it, in the same transaction: it holds everywhere or reverts.
contract CryptletKeys is ICryptletKeys, VerifierSet, KeyLinks {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @notice May set a key's status and raise a floor alone, for emergencies.
    bytes32 public constant REVOKER_ROLE = keccak256("REVOKER_ROLE");
    /// @notice May link keys to feeds: the feed registry.
    bytes32 public constant FEED_ROLE = keccak256("FEED_ROLE");

    /// @notice Longest time, in seconds, for which one appraisal is believed.
    uint256 public constant MAX_LIFETIME = 366 days;
    /// @notice Most members of a group.
    uint256 public constant MAX_MEMBERS = 32;
    /// @notice Most groups that one key is a member of.
    uint256 public constant MAX_GROUPS_PER_KEY = 4;
    /// @notice Value of `tee` that stands for the simulator.
    uint8 public constant SIMULATOR = 0;

    bytes32 private constant RESULT_TYPE = keccak256(
        "AttestationResult(address key,bytes32 workload,uint8 tee,bool hardware,uint32 svn,uint64 notAfter,bytes32 evidenceId,bytes32 policyDigest,uint64 nonce)"
    );
    bytes32 private constant GROUP_TYPE = keccak256(
        "GroupResult(AttestationResult result,uint256 x,uint8 parity,uint8 k,uint32 epoch,address[] members)AttestationResult(address key,bytes32 workload,uint8 tee,bool hardware,uint32 svn,uint64 notAfter,bytes32 evidenceId,bytes32 policyDigest,uint64 nonce)"
    );
    bytes32 private constant STATUS_TYPE = keccak256("StatusResult(address key,uint8 status,uint64 nonce)");
    bytes32 private constant FLOOR_TYPE = keccak256("FloorResult(bytes32 workload,uint32 floor)");

    /// @notice What verifiers sign for a key.
    struct AttestationResult {
        address key;
        bytes32 workload;
        uint8 tee;
        bool hardware;
        uint32 svn;
        uint64 notAfter;
        bytes32 evidenceId;
        bytes32 policyDigest;
        uint64 nonce;
    }

    /// @notice What verifiers sign for a group's key, having appraised the evidence of every member for its part in making
    /// the key. `result.key` is the address of the point.
    /// @param result As for any key; not after any member's end.
    /// @param x X coordinate of the point.
    /// @param parity 27 for an even y, 28 for an odd one.
    /// @param k Members that must sign together.
    /// @param epoch Number of the sharing; other members or another k need a higher one.
    /// @param members The members' own keys in strictly ascending order.
    struct GroupResult {
        AttestationResult result;
        uint256 x;
        uint8 parity;
        uint8 k;
        uint32 epoch;
        address[] members;
    }

    /// @notice A result is used once, in order.
    error WrongNonce(uint64 expected, uint64 actual);
    /// @notice Decommissioned and compromised keys never come back.
    error KeyRetired(address key, Status status);
    /// @notice Never registered.
    error KeyUnknown(address key);
    /// @notice The security version of a key never goes back.
    error SvnRollback(uint32 svn, uint32 current);
    /// @notice The security version is below what counts for this workload; a floor is only ever raised.
    error SvnBelowFloor(uint32 svn, uint32 floor);
    /// @notice Already past, or further ahead than `MAX_LIFETIME`, or than the end of a group's member.
    error BadLifetime(uint64 notAfter);
    /// @notice A simulator has no hardware, and a group has none that a member lacks.
    error SimulatedHardware();
    /// @notice Not a key, or a measurement that says nothing.
    error EmptyResult();
    /// @notice A status that a key cannot be set to.
    error BadStatus(Status status);
    /// @notice The address is not the point's, or the address is registered as the other kind of key.
    error BadGroupKey(address key);
    /// @notice Members must be k to 32 strictly ascending keys of enclaves, in use and attested for the group's workload.
    error BadMember(address member);
    /// @notice Other members or another k in the same or an older epoch.
    error EpochRollback(uint32 epoch, uint32 current);

    /// @notice A result was applied.
    event KeyAttested(
        address indexed key,
        bytes32 indexed workload,
        uint8 tee,
        bool hardware,
        uint32 svn,
        uint64 notAfter,
        bytes32 evidenceId,
        bytes32 policyDigest
    );
    /// @notice A result for a group was applied; `KeyAttested` of its key goes before it.
    event GroupAttested(address indexed key, uint8 k, uint32 epoch, address[] members);
    /// @notice A group may not sign because of its members' keys, or may again.
    event GroupSuspensionChanged(address indexed key, bool suspended);
    /// @notice A member was renewed for less than its group: the group ends no later, and is hardware's only if all are.
    event GroupLimited(address indexed key, uint64 notAfter, bool hardware);
    /// @notice A key's status changed; `by` is 0 when verifiers decided.
    event KeyStatusChanged(address indexed key, Status status, address by);
    /// @notice Keys of this workload with a lower security version no longer count; `by` is 0 when verifiers decided.
    event SvnFloorRaised(bytes32 indexed workload, uint32 floor, address by);

    mapping(address key => Key) private _keys;
    mapping(address key => Group) private _groups;
    mapping(address key => address[]) private _members;
    mapping(address member => EnumerableSet.AddressSet) private _groupsOf;
    mapping(bytes32 workload => uint32) private _floors;

    /// @param admin May change verifiers and roles, and revoke.
    /// @param verifiers_ First verifier set.
    /// @param threshold_ Verifiers that must agree.
    constructor(address admin, address[] memory verifiers_, uint256 threshold_) EIP712("CryptletKeys", "1") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(REVOKER_ROLE, admin);
        _setVerifiers(verifiers_, new address[](0), threshold_);
    }

    /// @notice Register a key, or renew one, by the verifiers' result.
    /// @param signatures 65 bytes each, in strictly ascending order of their signers.
    function register(AttestationResult calldata result, bytes[] calldata signatures) external {
        if (_groups[result.key].k != 0) revert BadGroupKey(result.key);
        _checkResult(result);
        _checkVerifiers(_hashOf(result), signatures);
        _apply(result, 0);
        _push(result.key);
    }

    /// @notice Register a group's key, renew it, or give it other members after a resharing, by the verifiers' result.
    function registerGroup(GroupResult calldata group, bytes[] calldata signatures) external {
        AttestationResult calldata result = group.result;
        Group storage known = _groups[result.key];
        if (GroupSignature.addressOf(group.x, group.parity) != result.key) revert BadGroupKey(result.key);
        if (known.k == 0 && _keys[result.key].status != Status.NONE) revert BadGroupKey(result.key);
        _checkResult(result);
        bytes32 digest = keccak256(abi.encodePacked(group.members));
        bool sameSharing = known.membersDigest == digest && known.k == group.k;
        if (group.epoch < known.epoch || (known.k != 0 && !sameSharing && group.epoch == known.epoch))
            revert EpochRollback(group.epoch, known.epoch);
        _checkMembers(group);
        _checkVerifiers(
            keccak256(
                abi.encode(GROUP_TYPE, _hashOf(result), group.x, group.parity, group.k, group.epoch, digest)
            ),
            signatures
        );
        _apply(result, uint8(group.members.length));
        if (!sameSharing) _setMembers(result.key, group.members);
        _groups[result.key] = Group({
            x: group.x,
            parity: group.parity,
            k: group.k,
            epoch: group.epoch,
            // Every member was found in use just now.
            suspended: false,
            membersDigest: digest
        });
        emit GroupAttested(result.key, group.k, group.epoch, group.members);
        _push(result.key);
    }

    /// @notice Set a key's status by the verifiers' result.
    function setStatusByVerifiers(
        address key,
        Status status,
        uint64 nonce,
        bytes[] calldata signatures
    ) external {
        if (nonce != _keys[key].nonce) revert WrongNonce(_keys[key].nonce, nonce);
        _checkVerifiers(keccak256(abi.encode(STATUS_TYPE, key, status, nonce)), signatures);
        _setStatus(key, status, address(0));
    }

    /// @notice Set a key's status alone: takes keys out of use, or brings an offline one back.
    function setStatus(address key, Status status) external onlyRole(REVOKER_ROLE) {
        _setStatus(key, status, msg.sender);
    }

    /// @notice Refuse keys of a workload below a security version, by the verifiers' result.
    /// @param keys Keys whose feeds learn of it in this transaction; the others by `push`.
    function raiseSvnFloorByVerifiers(
        bytes32 workload,
        uint32 floor,
        address[] calldata keys,
        bytes[] calldata signatures
    ) external {
        // Without a number: the same result twice raises nothing.
        _checkVerifiers(keccak256(abi.encode(FLOOR_TYPE, workload, floor)), signatures);
        _raiseFloor(workload, floor, keys, address(0));
    }

    /// @notice The same alone, for emergencies.
    function raiseSvnFloor(
        bytes32 workload,
        uint32 floor,
        address[] calldata keys
    ) external onlyRole(REVOKER_ROLE) {
        _raiseFloor(workload, floor, keys, msg.sender);
    }

    /// @notice Have every feed of these keys read them again. Open to anyone: it can only make true what is so.
    function push(address[] calldata keys) public {
        for (uint256 i = 0; i < keys.length; ++i) _push(keys[i]);
    }

    /// @notice Note that a feed admits a key, so that changes of the key reach it.
    /// @param members Length of the feed's list: what its refresh costs.
    function link(address key, address feed, uint256 members) external onlyRole(FEED_ROLE) {
        (uint256 added, uint256 removed) = _link(key, feed, members);
        _changePushGasOfMembers(key, added, removed);
    }

    /// @notice Note that a feed no longer admits a key.
    function unlink(address key, address feed) external onlyRole(FEED_ROLE) {
        _changePushGasOfMembers(key, 0, _unlink(key, feed));
    }

    /// @notice Let a contract of somebody else hear of a key's changes, with limited gas and no say.
    function watch(address key, address watcher) external onlyRole(FEED_ROLE) {
        _changePushGasOfMembers(key, _watch(key, watcher), 0);
    }

    /// @notice End what `watch` began.
    function unwatch(address key, address watcher) external onlyRole(FEED_ROLE) {
        _changePushGasOfMembers(key, 0, _unwatch(key, watcher));
    }

    /// @inheritdoc ICryptletKeys
    function keyOf(address key) external view returns (Key memory) {
        return _keys[key];
    }

    /// @inheritdoc ICryptletKeys
    function groupOf(address key) external view returns (Group memory) {
        return _groups[key];
    }

    /// @inheritdoc ICryptletKeys
    function svnFloorOf(bytes32 workload) external view returns (uint32) {
        return _floors[workload];
    }

    /// @inheritdoc ICryptletKeys
    function standingsOf(
        address[] calldata keys,
        bytes32 workload
    ) external view returns (Standing[] memory standings) {
        standings = new Standing[](keys.length);
        uint32 floor = _floors[workload];
        for (uint256 i = 0; i < keys.length; ++i) {
            Key storage key = _keys[keys[i]];
            if (key.members == 0) standings[i] = _standingOf(key, workload, floor);
        }
    }

    /// @inheritdoc ICryptletKeys
    function groupStandingOf(
        address group,
        bytes32 workload
    ) external view returns (Standing memory standing, uint8 k) {
        Group storage known = _groups[group];
        k = known.k;
        if (k != 0 && !known.suspended) standing = _standingOf(_keys[group], workload, _floors[workload]);
    }

    /// @notice The members' own keys of a group.
    function membersOf(address group) external view returns (address[] memory) {
        return _members[group];
    }

    /// @notice The groups that a key is a member of.
    function groupsOf(address key) external view returns (address[] memory) {
        return _groupsOf[key].values();
    }

    /// @notice Whether a key counts now: active, not past its time, not below the floor, and not a suspended group's.
    function isUsable(address key) external view returns (bool) {
        bytes32 workload = _keys[key].workload;
        return !_groups[key].suspended && _standingOf(_keys[key], workload, _floors[workload]).notAfter != 0;
    }

    function _standingOf(Key storage key, bytes32 workload, uint32 floor) private view returns (Standing memory) {
        bool counts = key.status == Status.ACTIVE &&
            key.notAfter >= block.timestamp &&
            key.svn >= floor &&
            key.workload == workload;
        return counts ? Standing(key.notAfter, key.hardware) : Standing(0, false);
    }

    function _hashOf(AttestationResult calldata result) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    RESULT_TYPE,
                    result.key,
                    result.workload,
                    result.tee,
                    result.hardware,
                    result.svn,
                    result.notAfter,
                    result.evidenceId,
                    result.policyDigest,
                    result.nonce
                )
            );
    }

    function _checkResult(AttestationResult calldata result) private view {
        Key storage key = _keys[result.key];
        if (result.key == address(0) || result.workload == 0) revert EmptyResult();
        if (result.tee == SIMULATOR && result.hardware) revert SimulatedHardware();
        if (key.status == Status.DECOMMISSIONED || key.status == Status.COMPROMISED)
            revert KeyRetired(result.key, key.status);
        if (result.nonce != key.nonce) revert WrongNonce(key.nonce, result.nonce);
        if (result.svn < key.svn) revert SvnRollback(result.svn, key.svn);
        if (result.svn < _floors[result.workload]) revert SvnBelowFloor(result.svn, _floors[result.workload]);
        if (result.notAfter <= block.timestamp || result.notAfter > block.timestamp + MAX_LIFETIME)
            revert BadLifetime(result.notAfter);
    }

    function _checkMembers(GroupResult calldata group) private view {
        uint256 count = group.members.length;
        if (group.k == 0 || group.k > count || count > MAX_MEMBERS) revert BadMember(address(0));
        uint32 floor = _floors[group.result.workload];
        for (uint256 i = 0; i < count; ++i) {
            address member = group.members[i];
            Key storage key = _keys[member];
            Standing memory standing = _standingOf(key, group.result.workload, floor);
            bool ascending = i == 0 || member > group.members[i - 1];
            if (!ascending || key.members != 0 || standing.notAfter == 0) revert BadMember(member);
            // A group is no newer than its oldest member.
            if (group.result.svn > key.svn) revert BadMember(member);
            if (group.result.hardware && !standing.hardware) revert SimulatedHardware();
            if (group.result.notAfter > standing.notAfter) revert BadLifetime(group.result.notAfter);
        }
    }

    function _apply(AttestationResult calldata result, uint8 members) private {
        _keys[result.key] = Key({
            workload: result.workload,
            evidenceId: result.evidenceId,
            policyDigest: result.policyDigest,
            notAfter: result.notAfter,
            svn: result.svn,
            tee: result.tee,
            hardware: result.hardware,
            status: Status.ACTIVE,
            nonce: result.nonce + 1,
            members: members
        });
        emit KeyAttested(
            result.key,
            result.workload,
            result.tee,
            result.hardware,
            result.svn,
            result.notAfter,
            result.evidenceId,
            result.policyDigest
        );
    }

    /// @dev Moves the group, and the gas that pushing to its feeds takes, from the old members to the new ones.
    function _setMembers(address group, address[] calldata members) private {
        address[] storage old = _members[group];
        uint256 feeds = pushGasOf[group];
        for (uint256 i = 0; i < old.length; ++i) {
            _groupsOf[old[i]].remove(group);
            _changePushGas(old[i], 0, feeds + MEMBER_GAS * old.length);
        }
        _members[group] = members;
        for (uint256 i = 0; i < members.length; ++i) {
            _groupsOf[members[i]].add(group);
            if (_groupsOf[members[i]].length() > MAX_GROUPS_PER_KEY) revert BadMember(members[i]);
            _changePushGas(members[i], feeds + MEMBER_GAS * members.length, 0);
        }
    }

    /// @dev A change of a group's member reaches all that the group's reaches.
    function _changePushGasOfMembers(address key, uint256 added, uint256 removed) private {
        address[] storage members = _members[key];
        for (uint256 i = 0; i < members.length; ++i) _changePushGas(members[i], added, removed);
    }

    function _setStatus(address key, Status status, address by) private {
        Status current = _keys[key].status;
        if (current == Status.NONE) revert KeyUnknown(key);
        // A decommissioned key may still turn out to be compromised; nothing else leaves a final status.
        bool worse = current == Status.DECOMMISSIONED && status == Status.COMPROMISED;
        if (!worse && (current == Status.DECOMMISSIONED || current == Status.COMPROMISED))
            revert KeyRetired(key, current);
        if (status == Status.NONE || status == current) revert BadStatus(status);
        _keys[key].status = status;
        // Results signed before this decision must not undo it.
        ++_keys[key].nonce;
        emit KeyStatusChanged(key, status, by);
        _push(key);
    }

    function _raiseFloor(bytes32 workload, uint32 floor, address[] calldata keys, address by) private {
        if (floor <= _floors[workload]) revert SvnBelowFloor(floor, _floors[workload]);
        _floors[workload] = floor;
        emit SvnFloorRaised(workload, floor, by);
        push(keys);
    }

    function _push(address key) private {
        // A copy: a watcher may carry a result that gives a group other members meanwhile.
        address[] memory groups = _groupsOf[key].values();
        for (uint256 i = 0; i < groups.length; ++i) if (_recheckGroup(groups[i])) _pushTo(groups[i]);
        _pushTo(key);
    }

    /// @dev A group stands while none of its members is compromised and k of them are in use, no longer than each of those,
    /// and as hardware's only if all are. True when any of that changed.
    function _recheckGroup(address group) private returns (bool changed) {
        Group storage known = _groups[group];
        Key storage own = _keys[group];
        (bytes32 workload, uint64 notAfter, bool hardware) = (own.workload, own.notAfter, own.hardware);
        uint32 floor = _floors[workload];
        address[] storage members = _members[group];
        uint256 good;
        bool compromised;
        for (uint256 i = 0; i < members.length; ++i) {
            Key storage key = _keys[members[i]];
            compromised = compromised || key.status == Status.COMPROMISED;
            Standing memory standing = _standingOf(key, workload, floor);
            if (standing.notAfter == 0) continue;
            ++good;
            if (standing.notAfter < notAfter) notAfter = standing.notAfter;
            hardware = hardware && standing.hardware;
        }
        if (notAfter != own.notAfter || hardware != own.hardware) {
            (own.notAfter, own.hardware) = (notAfter, hardware);
            emit GroupLimited(group, notAfter, hardware);
            changed = true;
        }
        bool suspended = compromised || good < known.k;
        if (suspended != known.suspended) {
            changed = true;
            known.suspended = suspended;
            emit GroupSuspensionChanged(group, suspended);
        }
    }
}
