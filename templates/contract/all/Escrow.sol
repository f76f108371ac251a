// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice The part of the fabric's feed that the escrow reads (Chainlink's AggregatorV3Interface).
interface IFeed {
    function latestRoundData() external view returns (uint80, int256 answer, uint256, uint256 updatedAt, uint80);
}

/// @title An escrow that does what its Cryptlet says, and nothing that its own state forbids
/// @dev The Cryptlet reads `state`, `deadline` and `deliveredAt`; its feed says 0 wait, 1 release, 2 refund.
contract Escrow {
    enum State {
        Open,
        Funded,
        Delivered,
        Released,
        Refunded
    }

    address public immutable buyer;
    address public immutable seller;
    uint256 public immutable deadline;
    State public state;
    uint256 public deliveredAt;
    IFeed public feed;

    error NotAllowed();
    error NothingToDo();
    error PaymentRefused();

    constructor(address seller_, uint256 deadline_) {
        (buyer, seller, deadline) = (msg.sender, seller_, deadline_);
    }

    /// @notice The feed can only be known after the Cryptlet was told this address. Once.
    function connect(IFeed feed_) external {
        if (msg.sender != buyer || address(feed) != address(0)) revert NotAllowed();
        feed = feed_;
    }

    function fund() external payable {
        if (state != State.Open || msg.value == 0) revert NotAllowed();
        state = State.Funded;
    }

    function confirmDelivery() external {
        if (msg.sender != buyer || state != State.Funded) revert NotAllowed();
        (state, deliveredAt) = (State.Delivered, block.timestamp);
    }

    /// @notice Anyone may make the escrow take the step that the feed says.
    function step() external {
        (, int256 next, , uint256 updatedAt, ) = feed.latestRoundData();
        if (updatedAt == 0 || block.timestamp > updatedAt + 1 hours) revert NothingToDo();
        if (next == 1 && state == State.Delivered) {
            state = State.Released;
            _pay(seller);
        } else if (next == 2 && state == State.Funded) {
            state = State.Refunded;
            _pay(buyer);
        } else {
            revert NothingToDo();
        }
    }

    function _pay(address to) private {
        (bool paid, ) = to.call{value: address(this).balance}("");
        if (!paid) revert PaymentRefused();
    }
}
